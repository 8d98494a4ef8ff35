package line

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
	"github.com/telegraf-station/telegraf-station/test/bed/corpus"
)

// requireGoodDecoding checks what holds for every format and every line: the error is one of those that are counted, required checksums
// are verified, the input is unchanged, and a valid text with a checksum yields the same records, all of them checked.
func requireGoodDecoding(t *testing.T, format func() Format, text []byte) {
	t.Helper()
	before := bytes.Clone(text)
	plain := Decoder{Format: format()}
	records, err := plain.Decode(text)
	require.Equal(t, before, text)
	require.True(t, err == nil || len(records) == 0 || errors.Is(err, ErrFused), "%q: %v", text, err)

	strict := Decoder{Format: format(), ChecksumRequired: true}
	checked, _ := strict.Decode(text)
	for _, record := range checked {
		require.True(t, record.Checked, "%q", text)
	}

	whole, err := plain.Format.Decode(text)
	if err != nil || isSentence(text) {
		return
	}
	for _, sum := range []func([]byte) []byte{AppendXOR, AppendCRC32} {
		records, err := strict.Decode(sum(bytes.Clone(text)))
		require.NoError(t, err, "%q", text)
		require.Len(t, records, len(whole))
	}
}

var seeds = []string{
	`{"temp":26.52,"light":554}`, `{"a":1}{"a":2}`, `{"a":{"b":[{}]}}`, `{"a":1}*2A`, `{"lat":35.1{"lat":35.2}*00000000`, "\xef\xbb\xbf{}", "\x00\xf8{}",
	"26.52,554", "26.52;554*1A", ",", "temp,light", "temp=26.52 light=554", "temp=1 temp=2", "a=nan;b=", rmc, gga, noFix, rmc + rmc, "$GPGSV,1,1,00*79", "$*00", "*", "**2A*2A",
}

func fuzz(f *testing.F, format func() Format) {
	f.Helper()
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	for _, input := range corpus.Of(f) {
		f.Add(input[0])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !bytes.HasPrefix(text, byteOrderMark) {
			requireGoodDecoding(t, format, text)
		}
	})
}

func FuzzJSON(f *testing.F) { fuzz(f, func() Format { return JSON{} }) }

func FuzzCSV(f *testing.F) { fuzz(f, func() Format { return CSV{Columns: []string{"temp", "light"}} }) }

func FuzzKeyValue(f *testing.F) { fuzz(f, func() Format { return KeyValue{} }) }

func FuzzNMEA(f *testing.F) { fuzz(f, func() Format { return &NMEA{} }) }

// FuzzFused: two whole objects in one line are both read, whatever they contain except arrays, after which an object may be an
// element.
func FuzzFused(f *testing.F) {
	f.Add([]byte(`{"a":1}`), []byte(`{"b":{"c":[1]}}`))
	for _, input := range corpus.Of(f) {
		f.Add(input[0], input[1])
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		first, errA := flatjson.Decode(a)
		second, errB := flatjson.Decode(b)
		starts := len(JSON{}.Starts(a)) + len(JSON{}.Starts(b))
		if errA != nil || errB != nil || starts >= maxStarts || bytes.ContainsAny(slices.Concat(a, b), "*$[") || !isASCII(a) || !isASCII(b) {
			return
		}
		decoder := Decoder{Format: JSON{}}
		records, err := decoder.Decode(append(bytes.Clone(a), bytes.TrimLeft(b, " \t\r\n")...))
		require.NoError(t, err)
		require.Len(t, records, 2)
		require.Len(t, records[0].Values, len(first))
		require.Len(t, records[1].Values, len(second))
	})
}

func isASCII(text []byte) bool {
	return !bytes.ContainsFunc(text, func(char rune) bool { return char > '~' || char < ' ' })
}
