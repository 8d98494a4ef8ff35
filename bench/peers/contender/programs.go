package contender

import (
	"context"
	"io"
	"path/filepath"

	"github.com/telegraf-station/telegraf-station/bench/peers/install"
	"github.com/telegraf-station/telegraf-station/bench/station"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// Programs has the paths of the installed contenders.
type Programs struct {
	ours, stock, bare   string // executables
	flume, node, python string // directories of libraries
}

// Install builds and downloads all contenders; it builds the bare programs in dir. It takes 15 minutes the first time, then seconds.
func Install(ctx context.Context, dir string, progress io.Writer) (p Programs, err error) {
	if err := install.Check(); err != nil {
		return p, err
	}
	steps := []struct {
		into *string
		get  func() (string, error)
	}{
		{&p.ours, func() (string, error) { return telegraf.Build(ctx, progress) }},
		{&p.stock, func() (string, error) { return station.Stock(ctx) }},
		{&p.bare, func() (string, error) { return buildBare(ctx, filepath.Join(dir, "bare")) }},
		{&p.flume, func() (string, error) { return install.Flume(ctx, progress) }},
		{&p.node, func() (string, error) { return install.Node(ctx, progress) }},
		{&p.python, func() (string, error) { return install.Python(ctx, progress) }},
	}
	for _, step := range steps {
		if *step.into, err = step.get(); err != nil {
			return p, err
		}
	}
	return p, nil
}

func buildBare(ctx context.Context, binary string) (string, error) {
	return binary, process.Run(ctx, process.Command{
		Path: "go", Args: []string{"build", "-trimpath", "-o", binary, "github.com/telegraf-station/telegraf-station/bench/peers/bare"},
		Env: []string{"CGO_ENABLED=0"},
	})
}
