package line

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"
)

// The lengths of the checksums in hex digits: the XOR of all bytes, as in NMEA 0183, and CRC-32, as in Ethernet and zlib.
const (
	xorDigits = 2
	crcDigits = 8
)

// cutChecksum splits a text into its body and the digits of "*HH" or "*HHHHHHHH" at its end. Trailing blanks are ignored.
func cutChecksum(text []byte) (body, digits []byte, found bool) {
	text = bytes.TrimRight(text, " \t")
	for _, n := range []int{xorDigits, crcDigits} {
		star := len(text) - n - 1
		if star >= 0 && text[star] == '*' && isHex(text[star+1:]) {
			return text[:star], text[star+1:], true
		}
	}
	return text, nil, false
}

func isHex(text []byte) bool {
	for _, char := range text {
		if (char < '0' || char > '9') && (char < 'A' || char > 'F') && (char < 'a' || char > 'f') {
			return false
		}
	}
	return true
}

// verify compares the digits that follow a body with the checksum of its bytes.
func verify(body, digits []byte) error {
	given, err := strconv.ParseUint(string(digits), 16, 32)
	if err != nil {
		return fmt.Errorf("%w: %q is not a number", ErrChecksum, digits)
	}
	sum := uint64(xor(body))
	if len(digits) == crcDigits {
		sum = uint64(crc32.ChecksumIEEE(body))
	}
	if sum != given {
		return fmt.Errorf("%w: the line has %s, expected %0*X", ErrChecksum, digits, len(digits), sum)
	}
	return nil
}

func xor(body []byte) byte {
	var sum byte
	for _, char := range body {
		sum ^= char
	}
	return sum
}

// AppendXOR appends the checksum "*HH" to a line.
func AppendXOR(body []byte) []byte { return fmt.Appendf(body, "*%02X", xor(body)) }

// AppendCRC32 appends the checksum "*HHHHHHHH" to a line.
func AppendCRC32(body []byte) []byte { return fmt.Appendf(body, "*%08X", crc32.ChecksumIEEE(body)) }

// Limits of the search for records by their CRC-32: the last checksums in a text, and the number of bytes before each.
const (
	maxCRCs  = 8
	crcReach = 1024
)

// extent is the part of a text that is a record.
type extent struct {
	begin, end int
}

// crcRecords finds the records within a text by their CRC-32. This is not possible with an XOR: one of 256 places would match by
// chance.
func crcRecords(text []byte) []extent {
	var records []extent
	for star, tried := len(text)-1-crcDigits, 0; star > 0 && tried < maxCRCs; star-- {
		end := star + 1 + crcDigits
		if text[star] != '*' || !isHex(text[star+1:end]) {
			continue
		}
		tried++
		if begin, found := crcBegin(text[:star], text[star+1:end]); found {
			records = append(records, extent{begin, end})
		}
	}
	return records
}

func crcBegin(text, digits []byte) (begin int, found bool) {
	given, err := strconv.ParseUint(string(digits), 16, 32)
	if err != nil {
		return 0, false
	}
	for begin := len(text) - 1; begin >= 0 && len(text)-begin <= crcReach; begin-- {
		if crc32.ChecksumIEEE(text[begin:]) == uint32(given) {
			return begin, true
		}
	}
	return 0, false
}

// checksumEnds returns the places after checksums within a text, where the next record may start. More than two hex digits are an XOR
// followed by a record that starts with a digit only if the board usually sends two; otherwise they are a damaged CRC-32.
func checksumEnds(text []byte, usual int) []Start {
	var ends []Start
	for at, char := range text {
		if char != '*' {
			continue
		}
		digits := crcDigits
		for digits > 0 && !startsWithHex(text[at+1:], digits) {
			digits--
		}
		if usual == xorDigits && digits > xorDigits {
			digits = xorDigits
		}
		if end := at + 1 + digits; (digits == xorDigits || digits == crcDigits) && end < len(text) {
			ends = append(ends, Start{At: end, Weak: true})
		}
	}
	return ends
}

func startsWithHex(text []byte, digits int) bool { return len(text) >= digits && isHex(text[:digits]) }
