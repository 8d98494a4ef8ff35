package line

import (
	"math/bits"
	"slices"
	"unicode/utf8"
)

// Noise counts the bytes that text does not have. With a wrong baud rate most are of that kind.
type Noise struct {
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

// Add takes what came.
func (n *Noise) Add(chunk []byte) {
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

// Bytes are all that came.
func (n *Noise) Bytes() int64 { return n.bytes }

// Share is how many percent of the bytes are noise; wrong says that there are enough of them to blame the baud rate or the framing.
func (n *Noise) Share() (percent int64, wrong bool) {
	if n.bytes == 0 {
		return 0, false
	}
	return n.strange * 100 / n.bytes, n.bytes >= noiseBytes && n.strange*100 >= noiseShare*n.bytes
}

// Parity is "even" or "odd" if that is what the eighth bits of a text are, else "".
func (n *Noise) Parity() string {
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
