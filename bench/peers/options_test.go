package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
)

func TestOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]string{
		"-rounds=0":                "1 or more",
		"-central-records=9999999": "5,000,000",
		"-side=pi":                 `got "pi"`,
		"quick":                    `unexpected arguments ["quick"]`,
	} {
		_, err := parse([]string{argument})
		require.ErrorContains(t, err, want, argument)
	}
}

func TestQuickChangesWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-quick", "-rounds=2", "-out=here"})
	require.NoError(t, err)
	o.dir = ""
	require.Equal(t, options{
		rounds: 2, stationRecords: 20_000, centralRecords: 30_000, seconds: 2, idleSeconds: 4, wearSeconds: 4, side: "both", out: "here",
	}, o)
}

func TestOptions(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-seconds=7", "-idle-seconds=30", "-only=Flume,stock"})
	require.NoError(t, err)
	one := []contender.Contender{{Paced: true, Full: true}}
	require.Equal(t, 8*time.Minute, o.estimate(one, one), "three rounds of 66 seconds for each of two, and 82 seconds for the disk")
	var names []string
	for _, c := range o.pick("station", contender.Stations()) {
		names = append(names, c.Name)
	}
	require.Equal(t, []string{contender.Flume, "stock Telegraf, tail + kafka"}, names)
	o.side = "central"
	require.Empty(t, o.pick("station", contender.Stations()))
	require.Len(t, o.pick("central", contender.Centrals()), 1)

	all := contender.Contender{Paced: true, Full: true}
	require.Equal(t, 30, o.lines(all, 100, 1))
	require.Equal(t, 7000, o.lines(all, 100, 1000))
	require.Equal(t, 100, o.lines(all, 100, figures.Full))
	require.Equal(t, 5, o.lines(contender.Contender{Full: true, Share: 0.05}, 100, figures.Full))
	require.Zero(t, o.lines(contender.Contender{Paced: true}, 100, figures.Full))
	require.Zero(t, o.lines(contender.Contender{Full: true}, 100, 1))
}

func TestTargetsSpeakOfContenders(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, c := range append(contender.Stations(), contender.Centrals()...) {
		require.False(t, names[c.Name], "%q twice", c.Name)
		names[c.Name] = true
	}
	for _, target := range targets() {
		require.True(t, names[target.Ours], target.Ours)
		require.True(t, names[target.Other], target.Other)
	}
}
