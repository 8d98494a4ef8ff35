package main

import (
	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
)

// targets returns the limits for ratios within a run.
func targets() []figures.Target {
	always, flume, central := contender.OursAlways, contender.Flume, contender.OurCentral
	return []figures.Target{
		{Ours: always, Other: flume, Figure: figures.Rate, Least: true, Bound: 2},
		{Ours: always, Other: flume, Figure: figures.CPUPerRecord, Bound: 1. / 3},
		{Ours: always, Other: flume, Figure: figures.PeakMemory, Bound: 1. / 5},
		{Ours: always, Other: flume, Figure: figures.P99, Bound: 1. / 10},
		{Ours: contender.OursOnFailure, Other: contender.BareProducer, Figure: figures.Rate, Least: true, Bound: 0.6},
		{Ours: always, Other: contender.BareSend, Figure: figures.IdleP50, Bound: 3},
		{Ours: always, Other: flume, Figure: figures.IdleMemory, Bound: 1. / 3},
		{Ours: always, Other: flume, Figure: figures.IdleCPU, Bound: 1. / 10},
		{Ours: central, Other: contender.NodeBatched, Figure: figures.Rate, Least: true, Bound: 1.3},
		{Ours: central, Other: contender.NodeSingle, Figure: figures.Rate, Least: true, Bound: 20},
		{Ours: central, Other: contender.BareWriter, Figure: figures.Rate, Least: true, Bound: 0.8},
		{Ours: central, Other: contender.NodeBatched, Figure: figures.CPUPerRecord, Bound: 1. / 2},
	}
}
