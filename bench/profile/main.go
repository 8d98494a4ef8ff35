// Command profile prints where our Telegraf spends CPU time or allocates memory at full speed, as a station or as a central Telegraf, with an
// embedded Kafka. With -pgo it writes the profile that the compiler uses to build our Telegraf.
//
//	go run ./bench/profile
//	go run ./bench/profile -side central -kind allocs -lines 40
//	go run ./bench/profile -pgo cmd/telegraf/telegraf.pgo
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// options are the command-line options.
type options struct {
	side, kind, lines, file, pgo string
	cum                          bool
}

// side runs our Telegraf at full speed while sample takes a profile.
type side func(binary, pprof string, sample func() error) error

var sides = map[string]side{"station": runStation, "central": runCentral}

func main() {
	var o options
	flag.StringVar(&o.side, "side", "station", "side to run: station or central")
	flag.StringVar(&o.kind, "kind", "profile", "kind of profile: profile (CPU) or allocs (bytes)")
	flag.StringVar(&o.lines, "lines", "30", "number of lines in the table")
	flag.BoolVar(&o.cum, "cum", false, "sort by the time of a function including its callees")
	flag.StringVar(&o.file, "file", "", "file for the profile, for go tool pprof (default: SIDE.pprof in the directory for temporary files)")
	flag.StringVar(&o.pgo, "pgo", "", "sample the CPU of both sides and write the merged profile for the compiler to this file")
	flag.Parse()
	if err := o.run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

const (
	// warmUp is the time until full speed.
	warmUp = 3 * time.Second
	// seconds is the duration of the sample.
	seconds = 8
)

func (o options) run(ctx context.Context) error {
	side := sides[o.side]
	if side == nil {
		return fmt.Errorf("flag -side must be station or central (got %q)", o.side)
	}
	binary, err := telegraf.Build(ctx, os.Stderr)
	if err != nil {
		return err
	}
	if o.pgo != "" {
		o.kind = "profile"
		return o.writePGO(ctx, binary)
	}
	file := cmp.Or(o.file, filepath.Join(os.TempDir(), o.side+".pprof"))
	if err := o.sample(ctx, side, binary, file); err != nil {
		return err
	}
	return o.show(ctx, file)
}

func (o options) sample(ctx context.Context, side side, binary, file string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	return side(binary, address, func() error {
		time.Sleep(warmUp)
		return fetch(ctx, fmt.Sprintf("http://%s/debug/pprof/%s?seconds=%d", address, o.kind, seconds), file)
	})
}

func freeAddress() (string, error) {
	port, err := process.ReservePort()
	if err != nil {
		return "", err
	}
	return port.Address(), port.Release()
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
	defer response.Body.Close() //nolint:errcheck // already read
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

func (o options) show(ctx context.Context, file string) error {
	args := []string{"tool", "pprof", "-top", "-nodecount", o.lines, file}
	if o.cum {
		args = append(args[:2], append([]string{"-cum"}, args[2:]...)...)
	}
	table := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the flags of this program
	table.Stdout, table.Stderr = os.Stdout, os.Stderr
	return table.Run()
}
