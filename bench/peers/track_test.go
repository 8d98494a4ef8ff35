package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
)

func running() error { return nil }

func TestTrackTellsLostAndRepeatedLines(t *testing.T) {
	t.Parallel()
	began := time.Unix(1000, 0)
	after := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	track := &track{}
	track.mark()
	track.send(after(0)) // lost in the warm-up
	require.Equal(t, 1, track.mark())
	for ms := range 4 {
		track.send(after(ms))
	}
	track.arrive(0, after(5)) // late, of an earlier phase
	track.arrive(3, after(7))
	track.arrive(1, after(10))
	track.arrive(3, after(11))
	track.arrive(4, after(12))
	track.arrive(77, after(13)) // not a line of ours
	require.Equal(t, figures.Phase{
		Sent: 4, Lost: 1, Repeated: 1, Taken: 12 * time.Millisecond,
		Latency: figures.Latency{P50: 9 * time.Millisecond, P99: 10 * time.Millisecond, Max: 10 * time.Millisecond},
	}, track.phase(began))
	require.Equal(t, 4, track.present())
	track.begin(after(4))
	require.Equal(t, 8*time.Millisecond, track.phase(began).Latency.Max, "they waited for the contender")
}

func TestAwait(t *testing.T) {
	t.Parallel()
	track := &track{}
	track.send(time.Now())
	require.NoError(t, track.await(t.Context(), time.Millisecond, running), "the line counts as lost")
	require.Equal(t, 1, track.missing())
	require.EqualError(t, track.await(t.Context(), time.Hour, func() error { return errors.New("it ended") }), "it ended")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, track.await(ctx, time.Hour, running), context.Canceled)
	track.arrive(0, time.Now())
	require.NoError(t, track.await(t.Context(), time.Hour, running))
}

func TestLinesSetOutAtTheirSpeedButNotInStep(t *testing.T) {
	t.Parallel()
	gaps := map[time.Duration]bool{}
	for i := range 1000 {
		require.InDelta(t, float64(i)*0.1, due(i, 10).Seconds(), 0.1)
		require.GreaterOrEqual(t, due(i+1, 10), due(i, 10))
		gaps[(due(i, 10)%(100*time.Millisecond))/(10*time.Millisecond)] = true
	}
	require.Len(t, gaps, 10, "every part of an interval")
}
