package flatjson

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/corpus"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	members, err := Decode([]byte(` {"temp": 26.0, "light":554, "id":"a\"\u00e9b", "ok":true, "no":false, "none":null, "gps":{"lat":[1,2]}, "e":1E2, "neg":-0} ` + "\r"))
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"temp": 26.0, "light": int64(554), "id": `a"éb`, "ok": true, "no": false, "none": nil,
		"gps": Nested(`{"lat":[1,2]}`), "e": 100.0, "neg": int64(0),
	}, members)
}

func TestDecodeKeepsTheOtherValuesNextToNaN(t *testing.T) {
	t.Parallel()
	members, err := Decode([]byte(`{"a":nan,"b":-inf,"c":ovf,"d":1e999,"e":NAN,"light":554,"big":9223372036854775808}`))
	require.NoError(t, err)
	for key, want := range map[string]float64{"b": math.Inf(-1), "c": math.Inf(1), "d": math.Inf(1), "big": 9223372036854775808} {
		require.InDelta(t, want, members[key], 0, key)
	}
	require.True(t, math.IsNaN(members["a"].(float64)))
	require.True(t, math.IsNaN(members["e"].(float64)))
	require.Equal(t, int64(554), members["light"])
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                       `column 1: expected '{', but the line ends`,
		`[1]`:                    `column 1: expected '{', found '['`,
		`{"temp":26.5`:           `column 13: expected ',', but the line ends`,
		`{"temp":26.5,"li`:       `column 14: unterminated string`,
		`{"temp":26.5,}`:         `column 14: expected '"', found '}'`,
		`{"temp" 26.5}`:          `column 9: expected ':', found '2'`,
		`{"temp":}`:              `column 9: expected a value, found '}'`,
		`{"temp":26.5.1}`:        `column 9: "26.5.1" is not a valid value`,
		`{"temp":+26}`:           `column 9: "+26" is not a valid value`,
		`{"temp":026}`:           `column 9: "026" is not a valid value`,
		`{"temp":26.}`:           `column 9: "26." is not a valid value`,
		`{"temp":1e}`:            `column 9: "1e" is not a valid value`,
		`{"temp":0x1F}`:          `column 9: "0x1F" is not a valid value`,
		`{"temp":1_0}`:           `column 9: "1_0" is not a valid value`,
		`{"a":1}{"a":2}`:         `column 8: expected the end of the line, found '{'`,
		`{"a":1,"b":2,"a":1}`:    `column 14: duplicate key "a"`,
		`{"a":"` + "\x01" + `"}`: `column 7: control character in a string, found '\x01'`,
		`{"a":"\q"}`:             `column 6: invalid escape in a string`,
		`{"a":[1,}`:              `column 6: invalid object or array`,
		`{"a":True}`:             `column 6: "True" is not a valid value`,
		"{\"a\":\"\xff\"}":       `not valid UTF-8`,
	} {
		_, err := Decode([]byte(text))
		require.EqualError(t, err, want, text)
	}
}

// FuzzDecode compares with encoding/json: what Decode accepts is also an object for encoding/json, with the same values,
// and what it rejects is either rejected there or rejected here for a stated reason.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"temp":26.52,"light":554}`, `{"a":nan}`, `{"a":{"b":[1,2]}}`, `{"a":1,"a":2}`, "\xff", `{"a":"A"}`, `{"a":1e999}`} {
		f.Add([]byte(seed))
	}
	for _, input := range corpus.Of(f) {
		f.Add(input[0])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Decode(text)
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal(text, &want)
		switch {
		case err == nil && wantErr != nil:
			require.True(t, hasNaN(got), "accepted %q, but encoding/json returned: %v", text, wantErr)
		case err == nil:
			require.Len(t, got, len(want))
		case wantErr == nil && want != nil:
			require.True(t, !utf8.Valid(text) || strings.Contains(err.Error(), "duplicate key"), "rejected %q: %v", text, err)
		}
	})
}

func hasNaN(members map[string]any) bool {
	for _, value := range members {
		if number, ok := value.(float64); ok && (math.IsNaN(number) || math.IsInf(number, 0)) {
			return true
		}
	}
	return false
}
