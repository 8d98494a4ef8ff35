// Command idle measures the cost of the Telegraf of a Pi with the least work: one reading per second to an embedded Kafka. For comparison, it
// runs stock Telegraf with only inputs.cpu, in turn.
//
//	go run ./bench/idle
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/station"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

const (
	rounds  = 3
	warmUp  = 15 * time.Second
	watched = 60 * time.Second

	// cpuAlone has the agent settings of the configuration of a Pi.
	cpuAlone = `
[agent]
  interval = "10s"
  flush_interval = "10s"
  omit_hostname = true
[[inputs.cpu]]
[[outputs.discard]]
`
)

// figures are the CPU seconds per second, and the bytes of memory, of one round.
type figures struct{ cpu, memory float64 }

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	ours, err := telegraf.Build(ctx, os.Stderr)
	if err != nil {
		return err
	}
	peer, err := station.Stock(ctx)
	if err != nil {
		return err
	}
	var pi, cpu []figures
	for round := range rounds {
		log.Printf("round %d of %d: two and a half minutes", round+1, rounds)
		if pi, err = measured(pi, func() (figures, error) { return runStation(ours) }); err != nil {
			return err
		}
		if cpu, err = measured(cpu, func() (figures, error) { return runPeer(peer) }); err != nil {
			return err
		}
	}
	report(pi, cpu)
	return nil
}

func measured(before []figures, measure func() (figures, error)) ([]figures, error) {
	f, err := measure()
	return append(before, f), err
}

// runStation simulates a board that prints a reading per second.
func runStation(binary string) (f figures, err error) {
	running, err := station.Start(binary, "")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go printEachSecond(ctx, running.Board)
	return watch(running.Telegraf)
}

func printEachSecond(ctx context.Context, board *arduino.Board) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for _, reading := range arduino.Readings(1, 1000) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if board.Print(reading.Line) != nil {
			return
		}
	}
}

func runPeer(binary string) (f figures, err error) {
	folder, err := os.MkdirTemp("", "bench-idle-")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	file := filepath.Join(folder, "telegraf.conf")
	if err := os.WriteFile(file, []byte(cpuAlone), 0o600); err != nil {
		return f, err
	}
	running, err := process.Start(process.Command{Path: binary, Args: []string{"--config", file}})
	if err != nil {
		return f, err
	}
	defer running.Stop(20 * time.Second) //nolint:errcheck // end of the round
	return watch(running)
}

func watch(running *process.Process) (f figures, err error) {
	time.Sleep(warmUp)
	before, err := running.Usage()
	if err != nil {
		return f, err
	}
	time.Sleep(watched)
	after, err := running.Usage()
	return figures{(after.CPU - before.CPU).Seconds() / watched.Seconds(), float64(after.Resident)}, err
}

func report(ours, peer []figures) {
	fmt.Printf("Medians of %d rounds of %s; in parentheses the ratio to stock Telegraf.\n\n", rounds, watched)
	fmt.Println("| program | CPU, of one core | resident memory |")
	fmt.Println("| --- | --- | --- |")
	row := func(name string, all []figures) {
		cpu := func(f figures) float64 { return f.cpu * 100 }
		memory := func(f figures) float64 { return f.memory / 1e6 }
		fmt.Printf("| %s | %.2f %% (%.2f) | %.0f MB (%.2f) |\n", name,
			station.Median(all, cpu), station.Median(all, cpu)/station.Median(peer, cpu),
			station.Median(all, memory), station.Median(all, memory)/station.Median(peer, memory))
	}
	row("station, one reading per second", ours)
	row("stock Telegraf, only inputs.cpu", peer)
}
