// Command start compares the size and startup time of our Telegraf and stock Telegraf with all plugins. Both are stripped and check the same
// configuration (inputs.cpu, outputs.discard) in turn, which is everything in a start except running.
//
// It also builds both for all models of the Raspberry Pi and compares their sizes.
//
//	go run ./bench/start
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/station"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

const (
	rounds        = 21
	configuration = "[[inputs.cpu]]\n[[outputs.discard]]\n"
)

// figures are one start's: seconds, processor seconds, bytes.
type figures struct{ wall, cpu, memory float64 }

// program is a stripped copy.
type program struct {
	name, path string
	size       float64
	starts     []figures
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "bench-start-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	file := filepath.Join(folder, "telegraf.conf")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		return err
	}
	programs, err := build(ctx, folder)
	if err != nil {
		return err
	}
	for range rounds {
		for _, p := range programs {
			if err := p.start(ctx, file); err != nil {
				return err
			}
		}
	}
	report(programs)
	return compareARM(ctx, folder)
}

func build(ctx context.Context, folder string) ([]*program, error) {
	ours, err := telegraf.Build(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	peer, err := station.Stock(ctx)
	if err != nil {
		return nil, err
	}
	programs := []*program{{name: "ours", path: ours}, {name: "stock Telegraf", path: peer}}
	for _, p := range programs {
		if err := p.strip(ctx, folder); err != nil {
			return nil, err
		}
	}
	return programs, nil
}

// strip removes the debug information, as both projects do for their packages.
func (p *program) strip(ctx context.Context, folder string) error {
	stripped := filepath.Join(folder, filepath.Base(p.name))
	if output, err := exec.CommandContext(ctx, "strip", "-o", stripped, p.path).CombinedOutput(); err != nil { //nolint:gosec // ours
		return fmt.Errorf("strip (of Debian's binutils): %w: %s", err, output)
	}
	info, err := os.Stat(stripped)
	if err != nil {
		return err
	}
	p.path, p.size = stripped, float64(info.Size())
	return nil
}

func (p *program) start(ctx context.Context, file string) error {
	begin := time.Now()
	command := exec.CommandContext(ctx, p.path, "config", "check", "--config", file) //nolint:gosec // ours
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", p.name, err, output)
	}
	state := command.ProcessState
	usage, _ := state.SysUsage().(*syscall.Rusage)
	p.starts = append(p.starts, figures{
		time.Since(begin).Seconds(), (state.UserTime() + state.SystemTime()).Seconds(), float64(usage.Maxrss) * 1024,
	})
	return nil
}

func report(programs []*program) {
	peer := programs[1]
	fmt.Printf("Medians of %d starts, in turn; in parentheses the ratio to stock Telegraf.\n\n", rounds)
	fmt.Println("| program | size | start | CPU per start | memory |")
	fmt.Println("| --- | --- | --- | --- | --- |")
	for _, p := range programs {
		cell := func(unit string, scale float64, value func(figures) float64) string {
			mine := station.Median(p.starts, value)
			return fmt.Sprintf("%.0f %s (%.2f)", mine*scale, unit, mine/station.Median(peer.starts, value))
		}
		fmt.Printf("| %s | %.0f MB (%.2f) | %s | %s | %s |\n", p.name, p.size/1e6, p.size/peer.size,
			cell("ms", 1e3, func(f figures) float64 { return f.wall }), cell("ms", 1e3, func(f figures) float64 { return f.cpu }),
			cell("MB", 1e-6, func(f figures) float64 { return f.memory }))
	}
}
