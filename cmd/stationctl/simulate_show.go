package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/simulate"
)

// simulateProgress rewrites its line on a terminal; otherwise it prints less often.
type simulateProgress struct {
	out        io.Writer
	every      time.Duration
	last       time.Duration // of the last line
	head, tail string
	connected  bool
}

func newSimulateProgress(out io.Writer) *simulateProgress {
	if isTerminal(out) {
		return &simulateProgress{out: out, head: "\r\x1b[K"}
	}
	return &simulateProgress{out: out, every: 10 * time.Second, tail: "\n"}
}

func (s *simulateProgress) report(p simulate.Progress) {
	if p.Connected == p.Sites && !s.connected {
		s.connected = true
		fmt.Fprintf(s.out, "%sconnected all %d sites in %.1f s\n", s.head, p.Sites, p.Elapsed.Seconds()) //nolint:errcheck // as below
	}
	if p.Elapsed-s.last < s.every {
		return
	}
	s.last = p.Elapsed
	connecting := ""
	if p.Connected < p.Sites {
		connecting = fmt.Sprintf("%d of %d sites connected, ", p.Connected, p.Sites)
	}
	fmt.Fprintf(s.out, "%s%s: %s%d written, %d acknowledged, %.0f/s, %d pending, %d MB, %d goroutines, %d connections%s", //nolint:errcheck // the run continues without it
		s.head, p.Elapsed.Round(time.Second), connecting, p.Written, p.Acknowledged, p.PerSecond, p.Waiting, p.Memory/1e6, p.Goroutines, p.Connections, s.tail)
}

// finish ends the line.
func (s *simulateProgress) finish() {
	if s.head != "" && s.last > 0 {
		fmt.Fprintln(s.out) //nolint:errcheck // as above
	}
}

func (f *simulateFlags) print(out io.Writer, s simulate.Summary) error {
	if f.json {
		return printJSON(out, s)
	}
	_, err := fmt.Fprintf(out, `stations: %d, sites: %d; connected in %.1f s, CPU time %.1f s
readings: %d written, %d acknowledged, %d pending, %d rejected, %d retried
rate: %.0f acknowledged per second for %.1f s; CPU time %.2f s, %.2f s per 100,000
maximum: %d MB, %d kB per site, %d goroutines, %d connections
`, s.Stations, s.Sites, s.ConnectSeconds, s.ConnectCPU, s.Written, s.Acknowledged, s.Waiting, s.Rejected, s.SentAgain,
		s.PerSecond, s.Seconds, s.CPUSeconds, s.CPUPer100k, s.PeakMemory/1e6, s.MemoryPerSite/1e3, s.Goroutines, s.Connections)
	for _, problem := range s.Errors {
		_, printErr := fmt.Fprintf(out, "%d times: %s\n", problem.Count, problem.Text)
		err = errors.Join(err, printErr)
	}
	if s.Waiting > 0 && f.options.Outbox != "" {
		_, printErr := fmt.Fprintf(out, "pending records are in %s; repeat the command to send them\n", f.options.Outbox)
		err = errors.Join(err, printErr)
	}
	return err
}
