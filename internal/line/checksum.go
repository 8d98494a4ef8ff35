package line

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"
)

// The lengths of a checksum in hex digits: XOR of the bytes as in NMEA 0183, and CRC-32 as in Ethernet and zlib.
const (
	xorDigits = 2
	crcDigits = 8
)

// cutChecksum cuts "*HH" or "*HHHHHHHH" off the end of a text, blanks behind it allowed.
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

// verify compares the checksum that stands behind a body with that of its bytes.
func verify(body, digits []byte) error {
	given, err := strconv.ParseUint(string(digits), 16, 32)
	if err != nil {
		return fmt.Errorf("%w: %q is no number", ErrChecksum, digits)
	}
	sum := uint64(xor(body))
	if len(digits) == crcDigits {
		sum = uint64(crc32.ChecksumIEEE(body))
	}
	if sum != given {
		return fmt.Errorf("%w: the line says %s, its bytes give %0*X", ErrChecksum, digits, len(digits), sum)
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

// AppendXOR appends the checksum "*HH" of a line to it.
func AppendXOR(body []byte) []byte { return fmt.Appendf(body, "*%02X", xor(body)) }

// AppendCRC32 appends the checksum "*HHHHHHHH" of a line to it.
func AppendCRC32(body []byte) []byte { return fmt.Appendf(body, "*%08X", crc32.ChecksumIEEE(body)) }

// crcReach bounds the search for what a CRC-32 stands over, in bytes.
const crcReach = 4096

// extent is where a record lies in a text.
type extent struct {
	begin, end int
}

// crcRecords finds what the CRC-32s within the text stand over. Two hex digits are too few for that: one of 256 beginnings
// would fit by chance.
func crcRecords(text []byte) []extent {
	var records []extent
	for star := range text {
		if text[star] != '*' || !startsWithHex(text[star+1:], crcDigits) {
			continue
		}
		end := star + 1 + crcDigits
		for begin := star - 1; begin >= 0 && star-begin <= crcReach; begin-- {
			if verify(text[begin:star], text[star+1:end]) == nil {
				records = append(records, extent{begin, end})
				break
			}
		}
	}
	return records
}

// checksumEnds tells where behind a checksum within the text the next record may start. The first digits of a damaged CRC-32
// are no XOR; so more than two count as that only where the sender is known to have two, and the next record starts with a digit.
func checksumEnds(text []byte, known int) []Start {
	var ends []Start
	for at, char := range text {
		if char != '*' {
			continue
		}
		digits := crcDigits
		for digits > 0 && !startsWithHex(text[at+1:], digits) {
			digits--
		}
		if known == xorDigits && digits > xorDigits {
			digits = xorDigits
		}
		if end := at + 1 + digits; (digits == xorDigits || digits == crcDigits) && end < len(text) {
			ends = append(ends, Start{At: end, Weak: true})
		}
	}
	return ends
}

func startsWithHex(text []byte, digits int) bool { return len(text) >= digits && isHex(text[:digits]) }
