// Package probe is the program that is built with each candidate alone. What it does with the queue is its first argument; it
// prints what it found as JSON, or what happens as lines.
package probe

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

// options are the flags of all tasks.
type options struct {
	open           queue.Open
	dir, device    string
	n, batch, lag  int
	acked          int
	pace           time.Duration
	leave          int64
	filler, beside string
	before         string
}

// Main does a task and ends the process.
func Main(open queue.Open) {
	o := options{open: open}
	flags := flag.NewFlagSet("probe", flag.ExitOnError)
	flags.StringVar(&o.dir, "dir", "", "the queue's folder")
	flags.StringVar(&o.device, "device", "", "the block device it is on, such as loop0")
	flags.IntVar(&o.n, "n", 0, "how many records")
	flags.IntVar(&o.batch, "batch", 1, "how many in one append")
	flags.IntVar(&o.lag, "lag", 0, "how many batches an acknowledgement comes behind")
	flags.IntVar(&o.acked, "acked", 0, "how many records to acknowledge, in batches of 100")
	flags.DurationVar(&o.pace, "pace", 0, "the time from one append to the next")
	flags.StringVar(&o.filler, "filler", "", "the file that fills the disk")
	flags.Int64Var(&o.leave, "leave", 0, "how many bytes it leaves")
	flags.StringVar(&o.beside, "beside", "", "the file of the bare append")
	flags.StringVar(&o.before, "before", "", "the folder for a copy of the queue's files as they are before the last append")
	if len(os.Args) < 2 {
		fail(fmt.Errorf("name a task: append, time, fill, verify, memory, full or power"))
	}
	_ = flags.Parse(os.Args[2:]) // it exits by itself
	if err := o.do(os.Args[1]); err != nil {
		fail(err)
	}
}

func (o *options) do(task string) error {
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return err
	}
	switch task {
	case "append":
		return o.append()
	case "time":
		return o.time()
	case "fill":
		return o.fill()
	case "verify":
		return o.verify()
	case "memory":
		return o.memory()
	case "full":
		return o.full()
	case "power":
		return o.power()
	}
	return fmt.Errorf("there is no task %q", task)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func printJSON(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }
