package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// output can be read while the demo prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(text)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func TestDemoShowsEachHopOfEachReading(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: builds Telegraf and InfluxDB")
	}
	t.Setenv("TMPDIR", t.TempDir())
	var out output
	require.NoError(t, run(t.Context(), options{board: boardGo, sites: 2, duration: 3500 * time.Millisecond}, &out))
	text := out.String()
	for _, site := range []string{"JNU", "GIST"} {
		require.Len(t, regexp.MustCompile(`(?m)^line +`+site+`_1_rasp +\{"lat":.*"dust":0\.\d+\}$`).FindAllString(text, -1), 3, text)
		require.Len(t, regexp.MustCompile(`(?m)^record +`+site+`_1_rasp +offset \d+, seq \d+: \{"device_id":"RaspberryPi","status":0,`).FindAllString(text, -1), 3, text)
		require.Len(t, regexp.MustCompile(`(?m)^point +`+site+`_rasp +status=0 temp=.*, queryable \d+ ms after its newline$`).FindAllString(text, -1), 3, text)
		require.Regexp(t, `(?m)^`+site+`_1_rasp +3 +3   `, text)
	}
	_, answer, found := strings.Cut(text, "> SELECT * FROM JNU_rasp ORDER BY time DESC LIMIT 5\n")
	require.True(t, found, text)
	require.Len(t, strings.Split(strings.TrimSpace(answer), "\n"), 1+3+1, "a header, three rows, and the last line")
	require.True(t, strings.HasSuffix(text, "Stopped everything.\n"), text)
	requireNothingLeft(t)
}

func TestCtrlCStopsEverything(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: builds Telegraf and InfluxDB")
	}
	t.Setenv("TMPDIR", t.TempDir())
	ctx, interrupt := context.WithCancel(t.Context())
	var out output
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, options{board: boardGo, sites: 1, duration: time.Second, keep: true}, &out) }()
	require.Eventually(t, func() bool {
		return strings.Contains(out.String(), "Still running; press Ctrl-C to stop:") || len(ended) > 0
	}, 5*time.Minute, 50*time.Millisecond)
	require.Empty(t, ended, "it ended too early: %s", out.String())
	require.Contains(t, out.String(), "InfluxDB  http://127.0.0.1:")
	interrupt()
	require.NoError(t, <-ended)
	require.True(t, strings.HasSuffix(out.String(), "Stopped everything.\n"), out.String())
	requireNothingLeft(t)
}

// requireNothingLeft checks that no child process and no directory of the demo is left.
func requireNothingLeft(t *testing.T) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(t, err)
	for _, task := range tasks {
		children, err := os.ReadFile(task)
		if os.IsNotExist(err) { // an exited thread
			continue
		}
		require.NoError(t, err)
		require.Empty(t, strings.TrimSpace(string(children)))
	}
	dirs, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "telegraf-station-demo-*"))
	require.NoError(t, err)
	require.Empty(t, dirs)
}

func TestInvalidOptions(t *testing.T) {
	var out output
	require.EqualError(t, run(t.Context(), options{sites: 0}, &out), "--sites must be between 1 and 20 (got 0)")
	require.EqualError(t, run(t.Context(), options{sites: 21}, &out), "--sites must be between 1 and 20 (got 21)")
	require.EqualError(t, run(t.Context(), options{sites: 1, duration: -time.Second}, &out), "--for must not be negative (got -1s)")
	require.EqualError(t, run(t.Context(), options{sites: 1, board: "mega"}, &out), `--board must be auto, avr, or go (got "mega")`)
	require.Empty(t, out.String())
}

func TestChooseBoard(t *testing.T) {
	t.Parallel()
	missing := []string{"gcc-avr", "libsimavr-dev"}
	for _, one := range []struct {
		board       string
		missing     []string
		sketch      bool
		description string
	}{
		{"auto", nil, true, "Each Arduino is a simulated ATmega328P that runs our sketch"},
		{"avr", nil, true, "Each Arduino is a simulated ATmega328P that runs our sketch"},
		{"go", nil, false, "The Arduinos are simulated by this program"},
		{"go", missing, false, "The Arduinos are simulated by this program"},
		{"auto", missing, false, "The Arduinos are simulated by this program; to run our sketch on a simulated ATmega328P, install these packages: gcc-avr libsimavr-dev"},
	} {
		sketch, description, err := chooseBoard(one.board, one.missing)
		require.NoError(t, err)
		require.Equal(t, one.sketch, sketch)
		require.Equal(t, one.description, description)
	}
	_, _, err := chooseBoard("avr", missing)
	require.EqualError(t, err, "--board avr requires these packages: gcc-avr libsimavr-dev; install them, or use --board go")
}
