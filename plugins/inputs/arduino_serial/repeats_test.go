package arduino_serial

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

func TestRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &testutil.CaptureLogger{}
		r := newRepeats(log, "")
		for range 20 {
			r.warnf("a", "trouble %d", 1)
			time.Sleep(time.Minute)
		}
		require.Len(t, log.Warnings(), 2)
		require.Contains(t, log.Warnings()[1], "trouble 1 (and 9 times since ")
		r.recovered("fine")
		r.warnf("a", "trouble %d", 2)
		require.Len(t, log.Warnings(), 3)
	})
}

// Noise makes names of its own: neither memory nor log may grow with them, and other trouble must not go unsaid.
func TestNamesAreBounded(t *testing.T) {
	log := &testutil.CaptureLogger{}
	r := newRepeats(log, "")
	for i := range 1000 {
		r.warnf(r.named("unknown", fmt.Sprint(i)), "name %d", i)
	}
	require.Len(t, r.causes, maxNames+1)
	require.Len(t, log.Warnings(), maxNames+1)
	r.warnf("overlong", "other trouble")
	require.Len(t, log.Warnings(), maxNames+2)
}

// A cable that flaps, or a board that prints less often than silence_timeout, is no reason for a line each time.
func TestRecoveriesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &testutil.CaptureLogger{}
		r := newRepeats(log, "")
		for range 60 {
			r.warnf("silence", "silent")
			time.Sleep(10 * time.Second)
			r.recovered("fine")
		}
		require.LessOrEqual(t, len(log.Messages()), 3*maxRecoveries)
	})
}
