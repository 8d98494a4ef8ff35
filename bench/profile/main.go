// Command profile says where the Pi's Telegraf spends its time and makes garbage while a board prints as fast as it can, into an
// embedded Kafka: pprof's tables of functions.
//
//	go run ./bench/profile
//	go run ./bench/profile -kind allocs -lines 40
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/station"
	"github.com/telegraf-station/telegraf-station/test/arduino"
	"github.com/telegraf-station/telegraf-station/test/process"
	"github.com/telegraf-station/telegraf-station/test/telegraf"
)

func main() {
	kind := flag.String("kind", "profile", "what is sampled: profile (CPU) or allocs (bytes)")
	lines := flag.String("lines", "30", "lines of the table")
	sort := flag.Bool("cum", false, "sort by what functions take with those that they call")
	file := flag.String("file", filepath.Join(os.TempDir(), "station.pprof"), "where the profile is kept, for go tool pprof")
	flag.Parse()
	if err := run(context.Background(), *kind, *file, *lines, *sort); err != nil {
		log.Fatal(err)
	}
}

// seconds is how long it is sampled.
const seconds = 8

func run(ctx context.Context, kind, file, lines string, cum bool) (err error) {
	binary, err := telegraf.Build(ctx, os.Stderr)
	if err != nil {
		return err
	}
	port, err := process.ReservePort()
	if err != nil {
		return err
	}
	if err := port.Release(); err != nil {
		return err
	}
	running, err := station.Start(binary, "", "--pprof-addr", port.Address())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	feeding, stop := context.WithCancel(ctx)
	defer stop()
	printed := make(chan int, 1)
	go func() { printed <- feed(feeding, running.Board) }()
	time.Sleep(2 * time.Second)
	if err := fetch(ctx, fmt.Sprintf("http://%s/debug/pprof/%s?seconds=%d", port.Address(), kind, seconds), file); err != nil {
		return err
	}
	stop()
	log.Printf("%d lines in %d s", <-printed, seconds+2)
	args := []string{"tool", "pprof", "-top", "-nodecount", lines, file}
	if cum {
		args = append(args[:2], append([]string{"-cum"}, args[2:]...)...)
	}
	table := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the flags of this program
	table.Stdout, table.Stderr = os.Stdout, os.Stderr
	return table.Run()
}

// feed has the board print until ctx ends.
func feed(ctx context.Context, board *arduino.Board) (n int) {
	for ctx.Err() == nil {
		line := fmt.Sprintf("{\"lat\":35.17959,\"lon\":126.90822,\"alcohol_gas\":%d,\"co_gas\":117,\"temp\":%.2f,\"light\":554,\"dust\":0.05}\r\n",
			n%1024, float64(n%16500)/100-40)
		if board.Print(line) != nil {
			return n
		}
		n++
	}
	return n
}

func fetch(ctx context.Context, url, file string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}
