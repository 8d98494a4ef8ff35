package logonce_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
)

func TestRepetitionsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &testutil.CaptureLogger{}
		l := logonce.New(log, "board: ")
		first := time.Now().Format(time.TimeOnly)
		for n := range 20 {
			l.Warnf("a", "problem %d", n)
			time.Sleep(time.Minute)
		}
		l.Errorf("b", "another")
		require.Equal(t, []string{
			"W! [] board: problem 0", "W! [] board: problem 10 (repeated 9 times since " + first + ")",
		}, log.Warnings())
		require.Equal(t, []string{"E! [] board: another"}, log.Errors())
		l.Recovered("fine")
		l.Warnf("a", "problem")
		require.Len(t, log.Warnings(), 3)
	})
}

// A condition that ended is counted as well.
func TestWhatWasLeftOutIsSummarized(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &testutil.CaptureLogger{}
		l := logonce.New(log, "board: ")
		first := time.Now().Format(time.TimeOnly)
		for n := range 20 {
			l.Infof("a", "problem %d", n)
		}
		l.Summarize(false)
		require.Len(t, log.Messages(), 1)
		time.Sleep(logonce.Period)
		l.Summarize(false)
		l.Summarize(true)
		l.Infof("a", "problem 20")
		l.Summarize(true)
		require.Len(t, log.Messages(), 3)
		require.Equal(t, "I! [] board: problem 19 (repeated 19 times since "+first+")", log.Messages()[1].String())
	})
}

// Noise invents names. Neither the memory nor the log grows with them, and other problems are still logged.
func TestNamesAreLimited(t *testing.T) {
	t.Parallel()
	log := &testutil.CaptureLogger{}
	l := logonce.New(log, "")
	for n := range 1000 {
		l.Warnf("unknown "+fmt.Sprint(n), "name %d", n)
	}
	require.Len(t, log.Warnings(), 11)
	l.Warnf("unknown 3", "name 3")
	require.Len(t, log.Warnings(), 11)
	l.Warnf("overlong", "another problem")
	require.Len(t, log.Warnings(), 12)
}

// A loose cable, or a board that prints less often than silence_timeout, does not log each recovery.
func TestRecoveriesAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &testutil.CaptureLogger{}
		l := logonce.New(log, "")
		for range 60 {
			l.Warnf("silence", "silent")
			time.Sleep(10 * time.Second)
			l.Recovered("fine")
		}
		require.LessOrEqual(t, len(log.Messages()), 15)
	})
}

func TestFailure(t *testing.T) {
	t.Parallel()
	log, start := &testutil.CaptureLogger{}, time.Now()
	var failure logonce.Failure
	failure.Recovered(log, "Connected")
	require.Empty(t, log.Messages())
	for minute := range 11 {
		failure.Report(log, start.Add(time.Duration(minute)*time.Minute), "refused", "connection refused; retrying")
	}
	failure.Report(log, start.Add(11*time.Minute), "timeout", "i/o timeout; retrying")
	failure.Recovered(log, "Connected")
	failure.Report(log, start.Add(12*time.Minute), "timeout", "i/o timeout; retrying")
	failure.Recovered(log, "Connected")
	require.Equal(t, []string{
		"E! [] connection refused; retrying",
		"E! [] connection refused; retrying (11 failed attempts)",
		"E! [] i/o timeout; retrying (12 failed attempts)",
		"E! [] i/o timeout; retrying",
	}, log.Errors())
	require.Contains(t, fmt.Sprint(log.Messages()), "Connected after 12 failed attempts")
	require.Contains(t, fmt.Sprint(log.Messages()), "Connected after 1 failed attempt")
}
