package kafka_sites

import (
	"fmt"
	"testing"
	"time"

	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

func TestPausesDoubleAndStartAgain(t *testing.T) {
	t.Parallel()
	b := backoff{shortest: time.Second, longest: time.Minute}
	log := &testutil.CaptureLogger{}
	now := time.Now()
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Equal(t, want*time.Second, b.next(now, log, &rejectionError{}))
		now = now.Add(b.pause + time.Second)
	}
	require.Len(t, log.Errors(), 1)
	require.False(t, b.expire(now, log))
	require.True(t, b.expire(now.Add(3*b.longest), log))
	require.False(t, b.expire(now.Add(3*b.longest), log), "once")
	require.Contains(t, fmt.Sprint(log.Messages()), "The outputs accept all records again after 8 failed attempts")
	require.Equal(t, b.shortest, b.next(now.Add(6*b.longest), log, &rejectionError{}))
	require.Len(t, log.Errors(), 2)
}
