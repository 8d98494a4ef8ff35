package probe

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

// Memory is what the task "memory" prints, in bytes.
type Memory struct{ Resident int64 }

// memory looks while n records wait.
func (o *options) memory() error {
	q, err := o.open(o.dir)
	if err != nil {
		return err
	}
	for i := 0; i < o.n; i += o.batch {
		if err := q.Append(queue.Records(uint64(i)+1, o.batch)); err != nil {
			return err
		}
	}
	debug.FreeOSMemory()
	resident, err := residentMemory()
	return errors.Join(err, printJSON(Memory{resident}), q.Close())
}

func residentMemory() (int64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, is := strings.CutPrefix(line, "VmRSS:"); is {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no VmRSS: %q", text)
}
