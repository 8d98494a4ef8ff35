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

// checksumEnds tells where behind a checksum within the text the next record may start.
func checksumEnds(text []byte) []Start {
	var ends []Start
	for at := range text {
		if text[at] != '*' {
			continue
		}
		for _, n := range []int{xorDigits, crcDigits} {
			if end := at + 1 + n; end < len(text) && isHex(text[at+1:end]) {
				ends = append(ends, Start{At: end, Weak: true})
			}
		}
	}
	return ends
}
