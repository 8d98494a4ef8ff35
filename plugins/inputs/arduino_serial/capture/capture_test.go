package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/test/bed/corpus"
)

func TestEveryByteComesBack(t *testing.T) {
	var all []byte
	for char := range 256 {
		all = append(all, byte(char))
	}
	events := []Event{
		{time.Date(2026, 11, 24, 2, 0, 0, 1, time.UTC), Open, []byte("/dev/ttyACM0")},
		{time.Date(2026, 11, 24, 2, 0, 1, 0, time.UTC), Read, append(all, "°C 광주\r\n"...)},
		{time.Date(2026, 11, 24, 2, 0, 2, 0, time.UTC), Close, []byte("/dev/ttyACM0")},
	}
	text := "# a remark\n\n"
	for _, event := range events {
		require.Equal(t, 1, strings.Count(event.String(), "\n"))
		text += event.String()
	}
	read, err := Parse(strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, events, read)
}

func TestWrongCaptures(t *testing.T) {
	for text, want := range map[string]string{
		"# a\nhello":                    `line 2 of the capture: expected a time, "open", "read" or "close", and a quoted text`,
		`now read "a"`:                  `line 1 of the capture: parsing time "now" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "now" as "2006"`,
		`2026-11-24T02:00:00Z send "a"`: `line 1 of the capture: expected "open", "read" or "close" (got "send")`,
		`2026-11-24T02:00:00Z read a"`:  `line 1 of the capture: invalid syntax: a"`,
	} {
		_, err := Parse(strings.NewReader(text))
		require.EqualError(t, err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("2026-11-24T02:00:00.5Z read \"a\\x00\\r\\n\"\n# b\n"))
	for _, input := range corpus.Of(f) {
		f.Add(input[0])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		events, err := Parse(bytes.NewReader(text))
		if err != nil {
			return
		}
		var written strings.Builder
		for _, event := range events {
			if year := event.Time.UTC().Year(); year < 0 || year > 9999 {
				return
			}
			written.WriteString(event.String())
		}
		again, err := Parse(strings.NewReader(written.String()))
		require.NoError(t, err)
		require.Len(t, again, len(events))
		for i := range events {
			require.True(t, events[i].Time.Equal(again[i].Time))
			require.Equal(t, events[i].Kind, again[i].Kind)
			require.True(t, bytes.Equal(events[i].Text, again[i].Text))
		}
	})
}

func TestAFileIsBoundedAndGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "capture")
	event := Event{Time: time.Now(), Kind: Read, Text: bytes.Repeat([]byte("x"), 100)}
	const size = 4096
	for range 3 { // each a run of Telegraf
		file := NewFile(path, size)
		for range 100 {
			require.NoError(t, file.Write(event))
			total := int64(0)
			for _, name := range []string{path, path + ".1"} {
				if info, err := os.Stat(name); err == nil {
					total += info.Size()
				}
			}
			require.LessOrEqual(t, total, int64(size))
		}
		require.NoError(t, file.Close())
		require.NoError(t, file.Close(), "twice does no harm")
	}
	for _, name := range []string{path, path + ".1"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		events, err := Parse(bytes.NewReader(text))
		require.NoError(t, err)
		require.NotEmpty(t, events)
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o007, "readings may be private")
	}
}

// A full or missing disk costs the events of that time only.
func TestAFileThatCannotBeWritten(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "missing")
	file := NewFile(filepath.Join(folder, "capture"), 4096)
	event := Event{Time: time.Now(), Kind: Read, Text: []byte("a")}
	require.ErrorIs(t, file.Write(event), os.ErrNotExist)
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.NoError(t, file.Write(event))
	require.NoError(t, file.Close())
}

// A power cut may leave half an event.
func TestHalfAnEventIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "capture")
	event := Event{Time: time.Now(), Kind: Read, Text: []byte("a")}
	half := event.String()[:20]
	for _, before := range []string{half, event.String() + half, event.String()} {
		require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
		file := NewFile(path, 4096)
		require.NoError(t, file.Write(event))
		require.NoError(t, file.Close())
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, strings.Repeat(event.String(), 1+strings.Count(before, "\n")), string(text))
	}
}

// A pipe without a reader would block reading the port.
func TestAPipeIsNoCaptureFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	require.Error(t, NewFile(path, 4096).Write(Event{Kind: Read}))
	require.ErrorContains(t, NewFile(os.DevNull, 4096).Write(Event{Kind: Read}), "/dev/null is not a regular file")
}
