package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
)

// results are the results of the whole run.
type results struct {
	Heading string
	Steps   []step
	Fleets  []fleet
}

const none = "—"

// row is a figure for each number of sites and for each number of central Telegraf instances; nil: not measured.
type row struct {
	name  string
	step  func(step) string
	fleet func(fleet) string
}

func rows() []row {
	return []row{
		{"topics created per second", func(s step) string { return number(s.CreatePerSecond, 0) }, nil},
		{"**stations at a fixed rate**: records/s", func(s step) string { return number(s.Paced.PerSecond, 0) }, func(f fleet) string { return number(f.Load.PerSecond, 0) }},
		{"CPU s per 100,000 records", func(s step) string { return number(s.Paced.CPUPer100k, 2) }, func(f fleet) string { return number(f.Load.CPUPer100k, 2) }},
		{"**stations at full speed**: records/s", func(s step) string { return number(s.Full.PerSecond, 0) }, nil},
		{"CPU s per 100,000 records", func(s step) string { return number(s.Full.CPUPer100k, 2) }, nil},
		{"time to connect, s", func(s step) string { return number(s.Full.ConnectSeconds, 1) }, func(f fleet) string { return number(f.Load.ConnectSeconds, 1) }},
		{"memory of all sites, MB", func(s step) string { return number(float64(s.Full.PeakMemory)/1e6, 0) }, func(f fleet) string { return number(float64(f.Load.PeakMemory)/1e6, 0) }},
		{"memory per site, kB", func(s step) string { return number(float64(s.Full.MemoryPerSite)/1e3, 0) }, func(f fleet) string { return number(float64(f.Load.MemoryPerSite)/1e3, 0) }},
		{"goroutines per site", func(s step) string { return number(float64(s.Full.Goroutines)/float64(s.Sites), 1) }, nil},
		{"connections per site", func(s step) string { return number(float64(s.Full.Connections)/float64(s.Sites), 1) }, nil},
		{"**brokers**: CPU s per 100,000 records, at a fixed rate", func(s step) string { return number(s.Paced.Brokers, 2) }, func(f fleet) string { return number(f.Load.Brokers, 2) + " (with reads of the central side)" }},
		{"the same at full speed", func(s step) string { return number(s.Full.Brokers, 2) }, nil},
		{"idle CPU of the three, % of a core", func(s step) string { return number(100*s.IdleBrokers.CPU.Seconds(), 1) }, nil},
		{"memory of the three, MB", func(s step) string { return number(float64(s.IdleBrokers.Resident)/1e6, 0) }, nil},
		{"metadata of all topics, kB", func(s step) string { return number(float64(s.MetadataBytes)/1e3, 1) }, nil},
		{"**central Telegraf**: has all topics after, s", func(s step) string { return seconds(s.Claim) }, func(f fleet) string { return seconds(f.Claim) }},
		{"CPU at startup, s", func(s step) string { return number(s.StartCPU.Seconds(), 1) }, nil},
		{"idle CPU, % of a core", func(s step) string { return number(100*s.Idle.CPU.Seconds(), 1) }, nil},
		{"idle memory, MB", func(s step) string { return number(float64(s.Idle.Resident)/1e6, 0) }, nil},
		{"connections", func(s step) string { return number(float64(s.Idle.Connections), 0) }, nil},
		{"records/s to InfluxDB", func(s step) string { return number(s.Drain.perSecond(), 0) }, func(f fleet) string { return number(f.PerSecond, 0) }},
		{"CPU s per 100,000 records", func(s step) string { return number(perHundredThousand(s.Drain.CPU, s.Drain.Records), 2) }, func(f fleet) string { return number(f.CPU, 2) }},
		{"memory at full speed, MB", func(s step) string { return number(float64(s.Drain.Memory)/1e6, 0) }, func(f fleet) string { return number(float64(f.Memory)/1e6, 0) }},
		{"lag when the stations stop, records", nil, func(f fleet) string { return number(float64(f.Lag), 0) }},
		{"**recovery**: interval of the readings of a site, s", func(s step) string { return seconds(s.Recovery.Interval) }, nil},
		{"readings of all sites arrive, without a fault, s", func(s step) string { return flowing(s.Recovery.Undisturbed) }, nil},
		{"after one of two central Telegraf instances is killed, s", func(s step) string { return flowing(s.Recovery.CentralKilled) }, nil},
		{"after a broker is stopped, s", func(s step) string { return flowing(s.Recovery.BrokerStopped) }, nil},
		{"after it is started, s", func(s step) string { return flowing(s.Recovery.BrokerStarted) }, nil},
		{"records missing in InfluxDB", func(s step) string { return fmt.Sprintf("%d of %s", s.Missing, number(float64(s.Records), 0)) }, func(f fleet) string { return number(float64(f.Missing), 0) }},
	}
}

func number(value float64, decimals int) string { return figures.Count(value, decimals) }

func seconds(d time.Duration) string { return number(d.Seconds(), 1) }

// instances names a number of central Telegraf instances.
func instances(count int) string {
	if count == 1 {
		return "1 central Telegraf"
	}
	return fmt.Sprintf("%d central Telegraf instances", count)
}

// flowing formats the time of a recovery.
func flowing(d time.Duration) string {
	switch d {
	case 0:
		return none
	case recoveryTimeout:
		return "> " + seconds(d)
	}
	return seconds(d)
}

// table returns the results in Markdown.
func (r results) table() string {
	var text strings.Builder
	text.WriteString(r.Heading + "\n\n| |")
	for _, s := range r.Steps {
		fmt.Fprintf(&text, " %s sites |", number(float64(s.Sites), 0))
	}
	for _, f := range r.Fleets {
		fmt.Fprintf(&text, " fleet, %s |", instances(f.Centrals))
	}
	text.WriteString("\n|" + strings.Repeat(" --- |", 1+len(r.Steps)+len(r.Fleets)) + "\n")
	for _, row := range rows() {
		text.WriteString("| " + row.name + " |")
		for _, s := range r.Steps {
			text.WriteString(" " + cell(row.step, s) + " |")
		}
		for _, f := range r.Fleets {
			text.WriteString(" " + cell(row.fleet, f) + " |")
		}
		text.WriteString("\n")
	}
	return text.String()
}

func cell[T any](figure func(T) string, of T) string {
	if figure == nil {
		return none
	}
	return figure(of)
}

// plot returns the growth as an SVG.
func (r results) plot() string {
	const color = "#1f77b4"
	growth := figures.Chart{Title: "Growth with the number of sites", Panels: []figures.Panel{
		panel("station: CPU s per 100,000", 2, r.Steps, func(s step) float64 { return s.Full.CPUPer100k }),
		panel("brokers: CPU s per 100,000", 2, r.Steps, func(s step) float64 { return s.Full.Brokers }),
		panel("central: CPU s per 100,000", 2, r.Steps, func(s step) float64 { return perHundredThousand(s.Drain.CPU, s.Drain.Records) }),
		panel("central: idle memory, MB", 0, r.Steps, func(s step) float64 { return float64(s.Idle.Resident) / 1e6 }),
		panel("central: idle CPU, % of a core", 1, r.Steps, func(s step) float64 { return 100 * s.Idle.CPU.Seconds() }),
		panel("central killed: recovery, s", 1, r.Steps, func(s step) float64 { return s.Recovery.CentralKilled.Seconds() }),
	}}
	for _, s := range r.Steps {
		growth.Bars = append(growth.Bars, figures.Bar{Name: number(float64(s.Sites), 0) + " sites", Color: color})
	}
	if len(r.Fleets) == 0 {
		return figures.Draw([]figures.Chart{growth})
	}
	fleets := figures.Chart{Title: "The fleet with more central Telegraf instances, on the same two cores", Panels: []figures.Panel{
		panel("records/s to InfluxDB", 0, r.Fleets, func(f fleet) float64 { return f.PerSecond }),
		panel("central: CPU s per 100,000", 2, r.Fleets, func(f fleet) float64 { return f.CPU }),
		panel("lag at the end, records", 0, r.Fleets, func(f fleet) float64 { return float64(f.Lag) }),
	}}
	for _, f := range r.Fleets {
		fleets.Bars = append(fleets.Bars, figures.Bar{Name: instances(f.Centrals), Color: color})
	}
	return figures.Draw([]figures.Chart{growth, fleets})
}

func panel[T any](title string, decimals int, of []T, figure func(T) float64) figures.Panel {
	p := figures.Panel{Title: title, Unit: 1, Decimals: decimals}
	for _, one := range of {
		p.Values = append(p.Values, figures.SpreadOf([]float64{figure(one)}))
	}
	return p
}
