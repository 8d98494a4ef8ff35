// Command flush measures why conf/pi/telegraf.conf hands each reading to outputs.kafka_site at once (metric_batch_size = 1) instead of
// flushing at a short interval: what one reading on an idle line waits, how fast a backlog goes, and what waiting costs.
// It runs the Pi's Telegraf against an embedded Kafka, several rounds with the settings in turn; the figures are ratios to the
// shipped setting in the same run.
//
//	go run ./bench/flush
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/bench/station"
	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/test/arduino"
	"github.com/telegraf-station/telegraf-station/test/kafka"
	"github.com/telegraf-station/telegraf-station/test/process"
	"github.com/telegraf-station/telegraf-station/test/telegraf"
)

// setting is a way to hand readings to the output.
type setting struct{ batchSize, flushInterval string }

func settings() []setting {
	return []setting{{"1", "10s"}, {"1000", "100ms"}, {"1000", "1s"}}
}

const (
	rounds      = 3
	single      = 20   // readings on an idle line
	bulk        = 5000 // readings at once
	idleSeconds = 20   // at one reading a second
)

// figures are one round's: seconds, but for the CPU of the idle time, which is CPU seconds a second.
type figures struct{ latency, bulk, idleCPU float64 }

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	binary, err := telegraf.Build(ctx, os.Stderr)
	if err != nil {
		return err
	}
	measured := make(map[setting][]figures)
	for round := range rounds {
		for _, s := range settings() {
			log.Printf("round %d of %d: metric_batch_size = %s, flush_interval = %s", round+1, rounds, s.batchSize, s.flushInterval)
			f, err := measure(ctx, binary, s)
			if err != nil {
				return err
			}
			measured[s] = append(measured[s], f)
		}
	}
	report(measured)
	return nil
}

func measure(ctx context.Context, binary string, s setting) (f figures, err error) {
	running, err := station.Start(binary, strings.NewReplacer("metric_batch_size = 1\n", "metric_batch_size = "+s.batchSize+"\n",
		`flush_interval = "10s"`, fmt.Sprintf("flush_interval = %q", s.flushInterval)).Replace(conf.Pi))
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	arrivals := make(chan struct{}, bulk)
	follow, stop := context.WithCancel(ctx)
	defer stop()
	go kafka.Follow(follow, running.Brokers, running.Topic(), func(kafka.Record) { arrivals <- struct{}{} }) //nolint:errcheck // ends with the round
	return observe(running.Board, running.Telegraf, arrivals)
}

func observe(board *arduino.Board, pi *process.Process, arrivals <-chan struct{}) (f figures, err error) {
	send := func(readings []arduino.Reading) (time.Duration, error) {
		begin := time.Now()
		for _, reading := range readings {
			if err := board.Print(reading.Line); err != nil {
				return 0, err
			}
		}
		for range readings {
			<-arrivals
		}
		return time.Since(begin), nil
	}
	if _, err := send(arduino.Readings(0, 1)); err != nil { // connects, and creates the topic
		return f, err
	}
	var latencies []float64
	for i := range single {
		time.Sleep(time.Duration(150+17*i) * time.Millisecond) // not in step with any interval
		taken, err := send(arduino.Readings(1, 1))
		if err != nil {
			return f, err
		}
		latencies = append(latencies, taken.Seconds())
	}
	f.latency = station.Median(latencies, func(seconds float64) float64 { return seconds })
	taken, err := send(arduino.Readings(2, bulk))
	if err != nil {
		return f, err
	}
	f.bulk = taken.Seconds()
	before, err := pi.CPU()
	if err != nil {
		return f, err
	}
	for range idleSeconds {
		time.Sleep(time.Second)
		if _, err := send(arduino.Readings(3, 1)); err != nil {
			return f, err
		}
	}
	after, err := pi.CPU()
	f.idleCPU = (after - before).Seconds() / idleSeconds
	return f, err
}

func report(measured map[setting][]figures) {
	pick := func(s setting, value func(figures) float64) float64 { return station.Median(measured[s], value) }
	shipped := settings()[0]
	var host unix.Utsname
	_ = unix.Uname(&host) // only for the heading
	fmt.Printf("Medians of %d rounds on linux/%s; in brackets the ratio to the shipped setting.\n\n", rounds, unix.ByteSliceToString(host.Machine[:]))
	fmt.Println("| metric_batch_size, flush_interval | one reading, newline to Kafka | backlog of readings, records/s | CPU at one reading a second |")
	fmt.Println("| --- | --- | --- | --- |")
	for _, s := range settings() {
		latency := func(f figures) float64 { return f.latency * 1000 }
		rate := func(f figures) float64 { return bulk / f.bulk }
		idle := func(f figures) float64 { return f.idleCPU * 100 }
		fmt.Printf("| %s, %s | %.1f ms (%.1f) | %.0f (%.2f) | %.2f %% (%.2f) |\n", s.batchSize, s.flushInterval,
			pick(s, latency), pick(s, latency)/pick(shipped, latency), pick(s, rate), pick(s, rate)/pick(shipped, rate),
			pick(s, idle), pick(s, idle)/pick(shipped, idle))
	}
}
