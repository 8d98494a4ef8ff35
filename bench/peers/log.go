package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
)

// report logs a phase immediately, so that an aborted run still has results.
func report(name string, speed int, p figures.Phase) {
	log.Printf("%s, speed %d (0 is full): %d lines in %s, %d lost, %d repeated; CPU %s, %d MB; latency %s, %s, %s",
		name, speed, p.Sent, p.Taken.Round(time.Millisecond), p.Lost, p.Repeated, p.CPU.Round(time.Millisecond), p.PeakResident/1e6,
		p.Latency.P50.Round(10*time.Microsecond), p.Latency.P99.Round(10*time.Microsecond), p.Latency.Max.Round(10*time.Microsecond))
}

// heading describes the machine and the options of the run.
func (o options) heading() string {
	const bitsPerByte = 10 // with start and stop bit
	rate := 115_200 / bitsPerByte / float64(len(line(o.stationRecords/2)))
	return fmt.Sprintf("%s, %d cores (%s), linux/%s; %d rounds; at full speed up to %d lines in %d s (stations) and %d records (central). "+
		"A serial line at 115,200 baud transfers %.0f of these lines per second.",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), processor(), runtime.GOARCH, o.rounds, o.stationRecords, o.seconds, o.centralRecords, rate)
}

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		if _, rest, found := strings.Cut(string(text), "model name\t: "); found {
			name, _, _ := strings.Cut(rest, "\n")
			return name
		}
	}
	return "unknown"
}
