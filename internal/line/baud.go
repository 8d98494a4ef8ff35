package line

import (
	"math/bits"
	"slices"
	"unicode/utf8"
)

// Noise counts the bytes that are not text. With a wrong baud rate, most bytes are not.
type Noise struct {
	bytes, noise int64
	seven, even  int64  // bytes whose lower seven bits are text; bytes with an even number of ones
	pending      []byte // the start of an unfinished UTF-8 character
}

// A wrong baud rate is assumed, rather than a damaged line, if at least minPercent of at least minBytes are noise.
const (
	minBytes   = 64
	minPercent = 25
)

// Add counts the bytes of a chunk.
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
			n.noise++
		}
		text = text[size:]
	}
	n.pending = slices.Clone(text)
}

func isControl(char rune) bool {
	return (char < ' ' && char != '\r' && char != '\n' && char != '\t') || char == 0x7f
}

// Bytes returns the number of bytes.
func (n *Noise) Bytes() int64 { return n.bytes }

// Share returns the percentage of noise. wrong is true if it is high enough to indicate a wrong baud rate or framing.
func (n *Noise) Share() (percent int64, wrong bool) {
	if n.bytes == 0 {
		return 0, false
	}
	return n.noise * 100 / n.bytes, n.bytes >= minBytes && n.noise*100 >= minPercent*n.bytes
}

// Parity returns "even" or "odd" if the eighth bits of all bytes are parity bits, otherwise "".
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
