package line

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/telegraf-station/telegraf-station/test/bed/corpus"
)

func split(limit int, chunks ...string) (lines []string, overlong int, pending string) {
	s := Splitter{Limit: limit, Line: func(line []byte) { lines = append(lines, string(line)) }, Overlong: func() { overlong++ }}
	for _, chunk := range chunks {
		s.Write([]byte(chunk))
	}
	return lines, overlong, string(s.pending)
}

func TestSplitter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		chunks   []string
		lines    []string
		overlong int
		pending  string
	}{
		"LF":                   {[]string{"a\nb\n"}, []string{"a", "b"}, 0, ""},
		"CR":                   {[]string{"a\rb\r"}, []string{"a", "b"}, 0, ""},
		"CRLF":                 {[]string{"a\r\nb\r\n"}, []string{"a", "b"}, 0, ""},
		"CRLF in two reads":    {[]string{"a\r", "\nb\r", "\n"}, []string{"a", "b"}, 0, ""},
		"empty lines":          {[]string{"\n\na\n\r\n"}, []string{"", "", "a", ""}, 0, ""},
		"in small pieces":      {[]string{"a", "", "b", "c\nd"}, []string{"abc"}, 0, "d"},
		"exactly the limit":    {[]string{"12345678\n"}, []string{"12345678"}, 0, ""},
		"one above":            {[]string{"123456789\nb\n"}, []string{"b"}, 1, ""},
		"overlong in pieces":   {[]string{"12345", "67890", "12345", "\nb\n"}, []string{"b"}, 1, ""},
		"overlong without end": {[]string{strings.Repeat("x", 1<<20)}, nil, 1, ""},
		"two overlong":         {[]string{"123456789\n123456789\n"}, nil, 2, ""},
		"no line":              {[]string{"abc"}, nil, 0, "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			lines, overlong, pending := split(8, test.chunks...)
			require.Equal(t, test.lines, lines)
			require.Equal(t, test.overlong, overlong)
			require.Equal(t, test.pending, pending)
		})
	}
}

// However the bytes are cut into reads, the lines are those of the whole text.
func TestSplitterDoesNotDependOnChunks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab\r\n]{0,60}`).Draw(t, "text")
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		var chunks []string
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "chunk")
			chunks, rest = append(chunks, rest[:n]), rest[n:]
		}
		lines, overlong, pending := split(limit, chunks...)
		wholeLines, wholeOverlong, wholePending := split(limit, text)
		require.Equal(t, wholeLines, lines)
		require.Equal(t, wholeOverlong, overlong)
		require.Equal(t, wholePending, pending)
		require.Equal(t, reference(text, limit), lines)
	})
}

// reference splits the simple way.
func reference(text string, limit int) []string {
	var lines []string
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	parts := strings.Split(text, "\n")
	for _, line := range parts[:len(parts)-1] {
		if len(line) <= limit {
			lines = append(lines, line)
		}
	}
	return lines
}

func FuzzSplitter(f *testing.F) {
	f.Add([]byte("a\r\nb\rc\n"), uint8(3))
	for _, input := range corpus.Of(f) {
		f.Add(input[0], uint8(min(len(input[0])/2, math.MaxUint8)))
	}
	f.Fuzz(func(t *testing.T, text []byte, cut uint8) {
		at := min(int(cut), len(text))
		whole, _, _ := split(16, string(text))
		cutUp, _, _ := split(16, string(text[:at]), string(text[at:]))
		require.Equal(t, whole, cutUp)
	})
}
