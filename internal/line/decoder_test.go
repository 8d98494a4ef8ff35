package line

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/line/flatjson"
)

func withXOR(text string) string { return string(AppendXOR([]byte(text))) }

func withCRC32(text string) string { return string(AppendCRC32([]byte(text))) }

// The expected values come from other programs: an example of NMEA 0183, and the CRC-32 of "123456789" by zlib.
func TestChecksums(t *testing.T) {
	t.Parallel()
	require.Equal(t, "GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76",
		withXOR("GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,"))
	require.Equal(t, "123456789*CBF43926", withCRC32("123456789"))
}

const (
	rmc   = "$GPRMC,081836.00,A,3510.7754,N,12654.4932,E,0.5,54.7,241126,,*08"
	gga   = "$GNGGA,081836.00,3510.7754,N,12654.4932,E,1,08,0.9,45.5,M,20.1,M,,*4E"
	noFix = "$GPRMC,081836.00,V,,,,,,,241126,,*19"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	a, b := `{"temp":26.52,"light":554}`, `{"temp":26.6,"light":555}`
	valuesA, valuesB := Values{"temp": 26.52, "light": int64(554)}, Values{"temp": 26.6, "light": int64(555)}
	here := Values{"lat": 35.17959, "lon": 126.90822}
	csv := CSV{Columns: []string{"temp", "light"}}
	for name, test := range map[string]struct {
		format   Format
		required bool
		line     string
		want     []Record
		err      error // errSyntax for any error that is not exported
	}{
		"plain":                             {line: a, want: []Record{{Values: valuesA}}},
		"byte order mark":                   {line: "\xef\xbb\xbf" + a, want: []Record{{Values: valuesA}}},
		"XOR":                               {line: withXOR(a), want: []Record{{Values: valuesA, Checked: true}}},
		"CRC-32":                            {line: withCRC32(a), want: []Record{{Values: valuesA, Checked: true}}},
		"lower case, trailing blanks":       {line: strings.ToLower(withCRC32(a)) + " \t", want: []Record{{Values: valuesA, Checked: true}}},
		"wrong XOR":                         {line: a + "*00", err: ErrChecksum},
		"wrong CRC-32":                      {line: a + "*00000000", err: ErrChecksum},
		"three digits are none":             {line: a + "*123", err: errSyntax},
		"required and there":                {required: true, line: withXOR(a), want: []Record{{Values: valuesA, Checked: true}}},
		"required and missing":              {required: true, line: a, err: ErrChecksum},
		"not UTF-8":                         {line: `{"temp` + "\xff" + `":1}`, err: flatjson.ErrEncoding},
		"line end lost":                     {line: a + b, want: []Record{{Values: valuesA}, {Values: valuesB}}},
		"line end lost, checked":            {required: true, line: withCRC32(a) + withCRC32(b), want: []Record{{Values: valuesA, Checked: true}, {Values: valuesB, Checked: true}}},
		"half and whole":                    {line: a[:14] + b, want: []Record{{Values: valuesB}}, err: ErrFused},
		"half and whole, checked":           {required: true, line: a[:14] + withXOR(b), want: []Record{{Values: valuesB, Checked: true}}, err: ErrFused},
		"cut after a colon":                 {line: a[:8] + b, err: errSyntax}, // may be a nested object
		"cut after a colon, checked":        {line: a[:8] + withCRC32(b), want: []Record{{Values: valuesB, Checked: true}}, err: ErrFused},
		"whole and half":                    {line: a + b[:14], want: []Record{{Values: valuesA}}, err: ErrFused},
		"damaged and whole":                 {line: withXOR(a[:10] + "7" + a[11:])[:len(a)] + "*00" + withXOR(b), want: []Record{{Values: valuesB, Checked: true}}, err: ErrFused},
		"nested, cut":                       {line: `{"gps":{"fix":3}`, err: errSyntax},
		"nested, fused":                     {line: `{"gps":{"fix":3}}` + a, want: []Record{{Values: Values{"gps": flatjson.Nested(`{"fix":3}`)}}, {Values: valuesA}}},
		"bootloader bytes":                  {line: "\x00\xf8\x80" + a, want: []Record{{Values: valuesA}}, err: ErrFused},
		"many braces":                       {line: strings.Repeat("{", 4000) + a, want: []Record{{Values: valuesA}}, err: ErrFused},
		"a sentence is a position":          {line: rmc, want: []Record{{Values: here, Checked: true, Position: true}}},
		"and so is this one":                {line: gga, want: []Record{{Values: here, Checked: true, Position: true}}},
		"no fix":                            {line: noFix, want: []Record{{Values: Values{"lat": nil, "lon": nil}, Checked: true, Position: true}}},
		"another sentence":                  {line: "$GPGSV,1,1,00*79"},
		"a sentence with wrong checksum":    {line: rmc[:len(rmc)-1] + "9", err: ErrChecksum},
		"a sentence without checksum":       {line: rmc[:len(rmc)-3], err: ErrChecksum},
		"a sentence and a reading":          {line: rmc + a, want: []Record{{Values: here, Checked: true, Position: true}, {Values: valuesA}}},
		"half a sentence and a reading":     {line: rmc[:20] + a, want: []Record{{Values: valuesA}}, err: ErrFused},
		"CSV":                               {format: csv, line: "26.52, 554", want: []Record{{Values: valuesA}}},
		"CSV with semicolons":               {format: csv, line: "26.52;554", want: []Record{{Values: valuesA}}},
		"CSV with tabs":                     {format: csv, line: "26.52\t554", want: []Record{{Values: valuesA}}},
		"CSV, checked":                      {format: csv, line: withXOR("26.52,554"), want: []Record{{Values: valuesA, Checked: true}}},
		"CSV, empty and nan":                {format: csv, line: ",nan", want: []Record{{Values: Values{"temp": nil, "light": nil}}}},
		"CSV, header":                       {format: csv, line: "temp,light"},
		"CSV, header, checksums required":   {format: csv, required: true, line: " temp, light"},
		"CSV, too few":                      {format: csv, line: "26.52", err: errSyntax},
		"CSV, too many":                     {format: csv, line: "26.52,554,1", err: errSyntax},
		"CSV, no number":                    {format: csv, line: "26.52,55x", err: errSyntax},
		"CSV, not UTF-8":                    {format: csv, line: "26.52,5\xff", err: flatjson.ErrEncoding},
		"CSV, line end lost, checked":       {format: csv, line: withCRC32("26.52,554") + withCRC32("26.6,555"), want: []Record{{Values: valuesA, Checked: true}, {Values: valuesB, Checked: true}}},
		"CSV, noise before, checked":        {format: csv, line: "\x00\xf8" + withCRC32("26.6,555"), want: []Record{{Values: valuesB, Checked: true}}, err: ErrFused},
		"CSV, half and whole":               {format: csv, line: "26.526.6,555", err: errSyntax},
		"CSV, half and whole, checked":      {format: csv, line: "26.5" + withCRC32("26.6,555"), want: []Record{{Values: valuesB, Checked: true}}, err: ErrFused},
		"CSV, half and whole, XOR":          {format: csv, line: "26.5" + withXOR("26.6,555"), err: ErrChecksum}, // two digits match too many starts
		"key=value":                         {format: KeyValue{}, line: "temp=26.52 light=554", want: []Record{{Values: valuesA}}},
		"key=value with commas":             {format: KeyValue{}, line: "temp=26.52, light=554;", want: []Record{{Values: valuesA}}},
		"key=value, checked":                {format: KeyValue{}, line: withCRC32("temp=26.52 light=554"), want: []Record{{Values: valuesA, Checked: true}}},
		"key=value, half and whole":         {format: KeyValue{}, line: "temp=26.52 light=5temp=26.6 light=555", want: []Record{{Values: valuesB}}, err: ErrFused},
		"key=value, line end lost, checked": {format: KeyValue{}, line: withXOR("temp=26.52 light=554") + withXOR("temp=26.6 light=555"), want: []Record{{Values: valuesA, Checked: true}, {Values: valuesB, Checked: true}}},
		"key=value, text":                   {format: KeyValue{}, line: `id="roof" temp=26.52`, want: []Record{{Values: Values{"id": "roof", "temp": 26.52}}}},
		"key=value, bare text":              {format: KeyValue{}, line: `id=roof temp=26.52`, err: errSyntax},
		"an inner object, cut":              {line: `{"temp":3,"light":7}]}`, err: errSyntax},
		"CSV, as printf writes":             {format: csv, line: "+026.52,.5", want: []Record{{Values: Values{"temp": 26.52, "light": 0.5}}}},
		"CSV, more of that":                 {format: csv, line: "-005.,0", want: []Record{{Values: Values{"temp": -5.0, "light": int64(0)}}}},
		"CSV, no digits":                    {format: csv, line: ".,0", err: errSyntax},
		"key=value, twice":                  {format: KeyValue{}, line: "light=554 temp=1 temp=2", err: errSyntax},
		"key=value, a word":                 {format: KeyValue{}, line: "temp=26.52 ok", err: errSyntax},
		"key=value, a wrong name":           {format: KeyValue{}, line: "2=26.52", err: errSyntax},
		"key=value, no number":              {format: KeyValue{}, line: "temp=26.5C", err: errSyntax},
		"key=value, nothing":                {format: KeyValue{}, line: " ;", err: errSyntax},
		"NMEA":                              {format: &NMEA{}, line: rmc, want: []Record{{Values: Values{"lat": 35.17959, "lon": 126.90822, "speed": 0.5, "course": 54.7}, Checked: true}}},
		"NMEA, no fix":                      {format: &NMEA{}, line: noFix, want: []Record{{Values: Values{"lat": nil, "lon": nil}, Checked: true}}},
		"NMEA, another sentence":            {format: &NMEA{}, line: gga},
		"NMEA, line end lost": {format: &NMEA{}, line: gga + rmc, want: []Record{{Values: Values{
			"lat": 35.17959, "lon": 126.90822, "speed": 0.5, "course": 54.7, "altitude": 45.5, "satellites": int64(8), "hdop": 0.9,
		}, Checked: true}}},
		"NMEA, no sentence": {format: &NMEA{}, line: a, err: errSyntax},
	} {
		t.Run(name, func(t *testing.T) {
			if test.format == nil {
				test.format = JSON{}
			}
			decoder := Decoder{Format: test.format, ChecksumRequired: test.required}
			records, err := decoder.Decode([]byte(test.line))
			if name == "CSV, empty and nan" {
				records[0].Values["light"] = nil // NaN is not equal to itself
			}
			require.Equal(t, test.want, records)
			requireCause(t, test.err, err)
		})
	}
}

// errSyntax stands for any of the syntaxErrors.
var (
	errSyntax    = errors.New("syntax")
	syntaxErrors = "^column |values, but option|is not name=value|is not a valid value|duplicate name|no name=value|an NMEA sentence must|NMEA sentence: "
)

func requireCause(t *testing.T, want, err error) {
	t.Helper()
	switch {
	case want == nil:
		require.NoError(t, err)
	case want != errSyntax: //nolint:errorlint // never wrapped
		require.ErrorIs(t, err, want)
	default:
		require.Regexp(t, syntaxErrors, err)
		for _, other := range []error{ErrChecksum, ErrFused, flatjson.ErrEncoding} {
			require.NotErrorIs(t, err, other)
		}
	}
}

// Only valid readings set the habit: a sentence that has lost its "$" has a valid checksum but is not a reading.
func TestCSVNextToADamagedSentence(t *testing.T) {
	t.Parallel()
	decoder := Decoder{Format: CSV{Columns: []string{"temp", "light"}}}
	_, err := decoder.Decode([]byte(rmc[1:]))
	require.ErrorContains(t, err, `12 values, but option "columns" has 2`)
	records, err := decoder.Decode([]byte("26.52,554"))
	require.NoError(t, err)
	require.Len(t, records, 1)
}

// A board with a new sketch is read after ten lines, or immediately after Forget, but not before.
func TestAnotherSketch(t *testing.T) {
	t.Parallel()
	csv := CSV{Columns: []string{"temp", "light"}}
	for _, text := range []string{"26.52,554", withXOR("26.52,554")} {
		decoder := Decoder{Format: csv}
		for range 2 {
			_, err := decoder.Decode([]byte(withCRC32("26.52,554")))
			require.NoError(t, err)
			for range maxRejected {
				_, err = decoder.Decode([]byte(text))
				require.ErrorIs(t, err, ErrChecksum)
			}
			_, err = decoder.Decode([]byte(text))
			require.NoError(t, err)
		}
		_, err := decoder.Decode([]byte(withCRC32("26.52,554")))
		require.NoError(t, err)
		decoder.Forget()
		_, err = decoder.Decode([]byte(text))
		require.NoError(t, err)
	}
}

// countingFormat counts the bytes that a format decodes.
type countingFormat struct {
	Format
	decoded *int
}

func (c countingFormat) Decode(text []byte) ([]Values, error) {
	*c.decoded += len(text)
	return c.Format.Decode(text)
}

// The work on noise that looks like many checksums, braces, or sentences is limited: at most each pair of starts is tried.
func TestTheWorkOnNoiseIsLimited(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"*00000000", "*00", "{", "{}", "$", "a=1 ", `{"a":[`, `"{`, ","} {
		for _, format := range []Format{JSON{}, KeyValue{}, CSV{Columns: []string{"a", "b"}}, &NMEA{}} {
			decoded, noise := 0, []byte(strings.Repeat(unit, 4096/len(unit)))
			decoder := Decoder{Format: countingFormat{format, &decoded}}
			_, _ = decoder.Decode(noise)
			require.LessOrEqual(t, decoded, len(noise)*(maxStarts+1)*(maxStarts+2)/2, "%q as %T", unit, format)
			require.LessOrEqual(t, len(crcRecords(noise)), maxCRCs)
		}
	}
}

// If the board usually sends checksums, a part of a damaged line without one is rejected.
func TestAPartThatLostItsChecksum(t *testing.T) {
	t.Parallel()
	decoder := Decoder{Format: JSON{}}
	_, err := decoder.Decode([]byte(withCRC32(`{"a":1}`)))
	require.NoError(t, err)
	records, err := decoder.Decode([]byte(`{"a":2}` + withCRC32(`{"a":3}`)))
	require.ErrorIs(t, err, ErrFused)
	require.Equal(t, []Record{{Values: Values{"a": int64(3)}, Checked: true}}, records)
}
