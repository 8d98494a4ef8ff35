// Command flat measures what should not grow: the memory and goroutines of a station over a million readings, and the cost of a reading in the
// outbox with a growing backlog. It needs 4 GB of disk for 10 million readings.
//
//	go run ./bench/flat
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
)

// options are the command-line options.
type options struct {
	dir              string
	records, backlog int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.dir, "dir", os.TempDir(), "directory for outboxes and a broker, on a disk, not in memory")
	flag.IntVar(&o.records, "records", 1_000_000, "readings of the station; 0: only measure the backlog")
	flag.IntVar(&o.backlog, "backlog", 10_000_000, "maximum number of pending readings; 0: only measure the station")
	flag.Parse()
	if err := run(ctx, o); err != nil {
		log.Fatal(err) //nolint:gocritic // the kernel takes the signal handler back
	}
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "bench-flat-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.records > 0 {
		rows, err := station(ctx, dir, o.records)
		if err != nil {
			return fmt.Errorf("the station: %w", err)
		}
		if err := table(rows); err != nil {
			return err
		}
	}
	if o.backlog == 0 {
		return nil
	}
	rows, err := backlogs(ctx, dir, o.backlog)
	if err != nil {
		return fmt.Errorf("the backlog: %w", err)
	}
	return table(rows)
}

// table prints rows of cells in Markdown.
func table(rows [][]string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	for i, row := range rows {
		write(w, row)
		if i == 0 {
			rule := make([]string, len(row))
			for j := range rule {
				rule[j] = "---"
			}
			write(w, rule)
		}
	}
	fmt.Fprintln(w) //nolint:errcheck // Flush returns the error
	return w.Flush()
}

func write(w *tabwriter.Writer, row []string) {
	for _, cell := range row {
		fmt.Fprintf(w, "| %s\t", cell) //nolint:errcheck // Flush returns the error
	}
	fmt.Fprintln(w, "|") //nolint:errcheck // Flush returns the error
}
