package line

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestModel compares the decoder with an ideal one, for any sequence of valid lines, damage, and chunks. An ideal decoder returns
// exactly the records that are whole in the stream of bytes, in order.
func TestModel(t *testing.T) {
	t.Parallel()
	for name, sender := range map[string]struct {
		format Format
		record func(n, value int) string
	}{
		"JSON": {JSON{}, func(n, value int) string { return fmt.Sprintf(`{"n":%d,"v":%d,"gps":{"fix":3}}`, n, value) }},
		// It does not start with a hex digit, which the end of a cut checksum and the next record might share.
		"CSV": {CSV{Columns: []string{"c", "n", "v"}}, func(n, value int) string { return fmt.Sprintf(`-1,%d,%d`, n, value) }},
		"key=value": {KeyValue{}, func(n, value int) string {
			return fmt.Sprintf(`n=%d v=%d`, n, value)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				stream, records := damagedStream(t, sender.record)
				var want []int64
				rest := stream
				for n, record := range records {
					if end := endOf(rest, record); end > 0 {
						want, rest = append(want, int64(n)), rest[end:]
					}
				}
				// It has decoded a line: before that, a CRC-32 that was cut to two digits passes as an XOR once in 256 times.
				decoder := Decoder{Format: sender.format, ChecksumRequired: true, habit: habit{digits: crcDigits}}
				require.Equal(t, want, readInChunks(t, stream, &decoder), "%q", stream)
			})
		})
	}
}

// endOf returns the end of a whole record in a stream, or 0; hex digits may be in either case.
func endOf(stream []byte, record string) int {
	body, digits := record[:len(record)-crcDigits], record[len(record)-crcDigits:]
	at := bytes.Index(stream, []byte(body))
	end := at + len(record)
	if at < 0 || end > len(stream) || !strings.EqualFold(string(stream[at+len(body):end]), digits) {
		return 0
	}
	return end
}

// damagedStream returns a stream of records with checksums, each damaged as by a bad line.
func damagedStream(t *rapid.T, record func(n, value int) string) (stream []byte, records []string) {
	for n := range rapid.IntRange(0, 12).Draw(t, "lines") {
		// The number in the value makes the bytes of each record unique.
		text := withCRC32(record(n, 1000*n+rapid.IntRange(0, 999).Draw(t, "value")))
		records = append(records, text)
		stream = append(stream, damage(t, text)...)
	}
	return stream, records
}

func damage(t *rapid.T, text string) string {
	noise := rapid.StringOfN(rapid.SampledFrom([]rune("{}*$\",:=0A \x00\x7f\u00ff")), 1, 6, -1)
	at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
	switch rapid.IntRange(0, 9).Draw(t, "damage") {
	case 0: // the end is missing
		return text[:at]
	case 1: // the beginning is missing
		return text[at:] + "\r\n"
	case 2: // the line end is missing
		return text
	case 3: // a bit is wrong
		flipped := []byte(text)
		flipped[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		return string(flipped) + "\n"
	case 4: // noise within
		return text[:at] + noise.Draw(t, "noise") + text[at:] + "\n"
	case 5: // noise before
		return noise.Draw(t, "noise") + text + "\r\n"
	case 6: // noise after
		return text + noise.Draw(t, "noise") + "\n"
	case 7: // a byte is missing
		return text[:at] + text[at+1:] + "\n"
	}
	return text + "\r\n"
}

func readInChunks(t *rapid.T, stream []byte, decoder *Decoder) (numbers []int64) {
	splitter := Splitter{Limit: 4096, Overlong: func() { t.Fatal("overlong") }, Line: func(text []byte) {
		records, _ := decoder.Decode(text)
		for _, record := range records {
			require.True(t, record.Checked)
			number, ok := record.Values["n"].(int64)
			require.True(t, ok)
			numbers = append(numbers, number)
		}
	}}
	for rest := slices.Concat(stream, []byte("\n")); len(rest) > 0; {
		size := rapid.IntRange(1, min(len(rest), 40)).Draw(t, "chunk")
		splitter.Write(rest[:size])
		rest = rest[size:]
	}
	return numbers
}
