package arduino_serial

import (
	"fmt"
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
)

// noise counts the bytes that text does not have. With a wrong baud rate most are of that kind.
type noise struct {
	bytes, strange int64
	seven, even    int64  // bytes whose lower seven bits are text; bytes with an even number of ones
	pending        []byte // the beginning of a character of UTF-8
}

// noiseBytes is how many bytes it takes to judge, noiseShare from how many percent of them on it is a wrong baud rate and
// not a damaged line.
const (
	noiseBytes = 64
	noiseShare = 25
)

func (n *noise) add(chunk []byte) {
	n.bytes += int64(len(chunk))
	for _, char := range chunk {
		n.even += int64(1 - bits.OnesCount8(char)%2)
		if !isControl(rune(char & 0x7f)) {
			n.seven++
		}
	}
	text := chunk
	if len(n.pending) > 0 {
		text = slices.Concat(n.pending, chunk)
	}
	for len(text) > 0 && utf8.FullRune(text) {
		char, size := utf8.DecodeRune(text)
		if char == utf8.RuneError || isControl(char) {
			n.strange++
		}
		text = text[size:]
	}
	n.pending = slices.Clone(text)
}

func isControl(char rune) bool {
	return (char < ' ' && char != '\r' && char != '\n' && char != '\t') || char == 0x7f
}

// diagnosis tells of a wrong baud rate or framing, "" if they look right.
func (n *noise) diagnosis(s settings) string {
	if n.bytes < noiseBytes || n.strange*100 < noiseShare*n.bytes {
		return ""
	}
	share := fmt.Sprintf("%d%% of %d bytes are not ASCII", n.strange*100/n.bytes, n.bytes)
	if parity := n.parity(); parity != "" && s.framing == "8N1" && !s.network {
		return fmt.Sprintf("%s, but all have %s parity: check framing, now 8N1 (7%c1?)", share, parity, unicode.ToUpper(rune(parity[0])))
	}
	return share + ": " + s.rateAdvice()
}

// parity is "even" or "odd" if that is what the eighth bits of a text are, else "".
func (n *noise) parity() string {
	switch {
	case n.seven < n.bytes:
		return ""
	case n.even == n.bytes:
		return "even"
	case n.even == 0:
		return "odd"
	}
	return ""
}
