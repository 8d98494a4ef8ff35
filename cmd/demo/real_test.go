//go:build real

package main

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/avr"
)

// TestDemoRunsTheSketch does not expect a number of lines: on a busy machine, a simulated chip prints them late.
func TestDemoRunsTheSketch(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	require.Empty(t, avr.Missing(), "run test/bed/install/packages.sh")
	var out output
	require.NoError(t, run(t.Context(), options{board: boardAuto, sites: 2, duration: 8 * time.Second}, &out))
	text := out.String()
	require.Contains(t, text, "Each Arduino is a simulated ATmega328P that runs our sketch.\n")
	for site, lat := range map[string]string{"JNU": "35.17959", "GIST": "35.18959"} {
		lines := count(text, `(?m)^line +`+site+`_1_rasp +\{"seq":\d,"boot":1,.*"lat":`+lat+`0,"lon":126.908220\}`)
		require.NotZero(t, lines, text)
		require.Equal(t, lines, count(text, `(?m)^line +`+site+`_1_rasp `), text)
		require.Equal(t, lines, count(text, `(?m)^record +`+site+`_1_rasp .*"status":0,.*"lat":`+lat+`,`), text)
		require.Equal(t, lines, count(text, `(?m)^point +`+site+`_rasp +status=0 temp=.*, queryable \d+ ms after its newline$`), text)
		require.Regexp(t, fmt.Sprintf(`(?m)^%s_1_rasp +%[2]d +%[2]d   `, site, lines), text)
	}
	requireNothingLeft(t)
}

func count(text, pattern string) int { return len(regexp.MustCompile(pattern).FindAllString(text, -1)) }
