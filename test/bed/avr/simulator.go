package avr

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

//go:embed simulator
var simulatorSources embed.FS

// hostFlags compile the simulator.
var hostFlags = []string{"-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-I/usr/include/simavr"}

// Simulator returns the program that runs a sketch on a simulated Uno; simulator.c says how it is used. It is built once (two
// seconds; needs a C compiler and libsimavr-dev) and then cached.
func Simulator(ctx context.Context) (binary string, err error) {
	if missing := Missing(); len(missing) > 0 {
		return "", fmt.Errorf("no simulated board: install %s", strings.Join(missing, " "))
	}
	k := newKey(hostFlags)
	if err := k.add(simulatorSources); err != nil {
		return "", err
	}
	binary, err = built(ctx, "simulator-"+k.String(), "simulator", func(dir, file string) error {
		copied := filepath.Join(dir, "sources")
		if err := os.CopyFS(copied, simulatorSources); err != nil {
			return err
		}
		sources, err := filepath.Glob(filepath.Join(copied, "simulator", "*.c"))
		if err != nil {
			return err
		}
		args := slices.Concat(hostFlags, sources, []string{"-o", file, "-lsimavr", "-lm"})
		return process.Run(ctx, process.Command{Path: "cc", Args: args})
	})
	if err != nil {
		return "", fmt.Errorf("the simulator is not built: %w", err)
	}
	return binary, nil
}

// Options say what runs on the simulated Uno.
type Options struct {
	Firmware Firmware
	Script   *Script
	Dir      string // gets the script's file
	// RealTime lets a simulated second take a second; else it takes as little time as it can.
	RealTime bool
	// Times puts the simulated microsecond of its first byte, and a blank, in front of each line.
	Times bool
	// Output gets what the sketch prints, byte by byte, e.g. an *arduino.Board.
	Output io.Writer
}

// Start runs the board until its script stops it, or indefinitely. Then the caller must stop it.
func Start(ctx context.Context, o Options) (*process.Process, error) {
	binary, err := Simulator(ctx)
	if err != nil {
		return nil, err
	}
	script := filepath.Join(o.Dir, "script")
	if err := os.WriteFile(script, []byte(o.Script.String()), 0o600); err != nil {
		return nil, err
	}
	var args []string
	if o.RealTime {
		args = append(args, "-r")
	}
	if o.Times {
		args = append(args, "-t")
	}
	return process.Start(process.Command{Path: binary, Args: append(args, o.Firmware.ELF, script), Output: o.Output})
}

// Run lets the board run until its script stops it, and returns what it printed.
func Run(ctx context.Context, o Options) (string, error) {
	var printed bytes.Buffer
	o.Output = &printed
	running, err := Start(ctx, o)
	if err != nil {
		return "", err
	}
	select {
	case <-running.Done():
		return printed.String(), running.Err()
	case <-ctx.Done():
		return "", errors.Join(fmt.Errorf("the simulated board did not stop: %w", ctx.Err()), running.Kill())
	}
}
