package record

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	health := Health{"written": 9223372036854775807, "uptime": 0}
	require.Equal(t, `{"uptime":0,"written":9223372036854775807}`, health.String())
	for text, want := range map[string]Health{
		health.String():                             health,
		"{}":                                        {},
		` { "uptime" : 7 } `:                        {"uptime": 7},
		`{"uptime":7,"Uptime":8,"of later":"?"}`:    {"uptime": 7},
		`{"of later":[{"a":-1.5}],"memory":1}`:      {"memory": 1},
		`{"device_id":"another","lines":1,"x":-1}`:  {"lines": 1},
		`{"x":"` + strings.Repeat("x", 4000) + `"}`: {},
	} {
		parsed, err := ParseHealth(text)
		require.NoError(t, err)
		require.Equal(t, want, parsed, text)
	}
}

func TestAHealthOfAllNamesIsRead(t *testing.T) {
	t.Parallel()
	health := Health{}
	for _, name := range HealthNames() {
		health[name] = 1<<63 - 1
	}
	parsed, err := ParseHealth(health.String())
	require.NoError(t, err)
	require.Equal(t, health, parsed)
}

func TestBadHealth(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "null", "[]", "7", `"uptime"`, `{"uptime":1`, `{"uptime":1}{}`, "\xff", `{"uptime":01}`, strings.Repeat("[", 4000)} {
		_, err := ParseHealth(text)
		require.ErrorContains(t, err, "header station-health must be a JSON object of whole numbers (got ", text)
	}
	for _, value := range []string{"-1", "1.5", "1.0", "1e3", `"1"`, "null", "true", "{}", "[1]", "9223372036854775808"} {
		_, err := ParseHealth(`{"lines":2,"uptime":` + value + `}`)
		require.ErrorContains(t, err, `header station-health: "uptime" must be a whole number from 0 to 9223372036854775807 (got `, value)
	}
	_, err := ParseHealth(`{"x":"` + strings.Repeat("x", 4096) + `"}`)
	require.EqualError(t, err, "header station-health has 4104 bytes, more than 4096")
}

func FuzzParseHealth(f *testing.F) {
	f.Add(`{"uptime":86400,"memory":25000000,"written":86400,"rejected_checksum":3}`)
	f.Add(`{"uptime":-1}`)
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := ParseHealth(text)
		if err != nil {
			return
		}
		for _, n := range parsed {
			require.GreaterOrEqual(t, n, int64(0))
		}
		again, err := ParseHealth(parsed.String())
		require.NoError(t, err)
		require.Equal(t, parsed, again)
	})
}
