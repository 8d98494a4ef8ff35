// Command idle measures what a station's Telegraf costs while it does the least: one reading a second, with the Pi's configuration,
// sent to an embedded Kafka. Beside it, in turn, runs stock Telegraf with inputs.cpu alone.
//
//	go run ./bench/idle
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/telegraf-station/telegraf-station/test/arduino"
	"github.com/telegraf-station/telegraf-station/test/cache"
	"github.com/telegraf-station/telegraf-station/test/kafka"
	"github.com/telegraf-station/telegraf-station/test/process"
	"github.com/telegraf-station/telegraf-station/test/telegraf"
)

const (
	rounds  = 3
	warmUp  = 15 * time.Second
	watched = 60 * time.Second

	stock = "github.com/influxdata/telegraf/cmd/telegraf@v1.39.3"
	// cpuAlone has the agent's settings of the Pi's configuration.
	cpuAlone = `
[agent]
  interval = "10s"
  flush_interval = "10s"
  omit_hostname = true
[[inputs.cpu]]
[[outputs.discard]]
`
)

// figures are one round's: processor seconds a second, and bytes.
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
	log.Print("stock Telegraf, with all its plugins: a quarter of an hour the first time")
	peer, err := cache.GoInstall(ctx, stock, os.Stderr)
	if err != nil {
		return err
	}
	var station, cpu []figures
	for round := range rounds {
		log.Printf("round %d of %d: two and a half minutes", round+1, rounds)
		if station, err = measured(station, func() (figures, error) { return runStation(ours) }); err != nil {
			return err
		}
		if cpu, err = measured(cpu, func() (figures, error) { return runPeer(peer) }); err != nil {
			return err
		}
	}
	report(station, cpu)
	return nil
}

func measured(before []figures, measure func() (figures, error)) ([]figures, error) {
	f, err := measure()
	return append(before, f), err
}

// runStation has a board print a reading a second.
func runStation(binary string) (f figures, err error) {
	folder, err := os.MkdirTemp("", "bench-idle-")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{Brokers: 3})
	if err != nil {
		return f, err
	}
	defer cluster.Close()
	station := telegraf.Station{
		Port: filepath.Join(folder, "ttyACM0"), DeviceID: "pi", Site: "JNU", Index: "1", Type: "rasp", Brokers: cluster.Addresses(),
	}
	board, err := arduino.Plug(station.Port)
	if err != nil {
		return f, err
	}
	defer board.Unplug() //nolint:errcheck // the end of the round
	running, err := station.Start(binary, folder)
	if err != nil {
		return f, err
	}
	defer running.Stop(20 * time.Second) //nolint:errcheck // the end of the round
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go printEachSecond(ctx, board)
	return watch(running)
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
	defer running.Stop(20 * time.Second) //nolint:errcheck // the end of the round
	return watch(running)
}

func watch(running *process.Process) (f figures, err error) {
	time.Sleep(warmUp)
	before, err := running.CPU()
	if err != nil {
		return f, err
	}
	time.Sleep(watched)
	after, err := running.CPU()
	if err != nil {
		return f, err
	}
	memory, err := running.Resident()
	return figures{(after - before).Seconds() / watched.Seconds(), float64(memory)}, err
}

func report(station, peer []figures) {
	fmt.Printf("Medians of %d rounds of %s; in brackets the ratio to stock Telegraf.\n\n", rounds, watched)
	fmt.Println("| program | CPU, of one core | resident memory |")
	fmt.Println("| --- | --- | --- |")
	row := func(name string, all []figures) {
		cpu := func(f figures) float64 { return f.cpu * 100 }
		memory := func(f figures) float64 { return f.memory / 1e6 }
		fmt.Printf("| %s | %.2f %% (%.2f) | %.0f MB (%.2f) |\n", name,
			median(all, cpu), median(all, cpu)/median(peer, cpu), median(all, memory), median(all, memory)/median(peer, memory))
	}
	row("station, one reading a second", station)
	row("stock Telegraf, inputs.cpu alone", peer)
}

func median(all []figures, value func(figures) float64) float64 {
	var values []float64
	for _, f := range all {
		values = append(values, value(f))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
