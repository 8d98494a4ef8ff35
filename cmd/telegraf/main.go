// Command telegraf builds our Telegraf: the pinned upstream release, unmodified, with the plugins listed in plugins.txt and those of this
// module linked in. Run it in a checkout:
//
//	go run ./cmd/telegraf [--target linux/arm/6] [--output FILE] [--version 0.2.0]
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

// run returns the exit status: 0 for success, 1 for a failed build, 2 for invalid options.
func run(args []string, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	logger := log.New(stderr, "telegraf builder: ", 0)
	opts, err := parseOptions(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		logger.Print(err)
		return 2
	}
	if err := build(ctx, opts, logger); err != nil {
		logger.Print(err)
		return 1
	}
	return 0
}
