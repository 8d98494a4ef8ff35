package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/simulate"
)

// simulateProgress rewrites its line on a terminal; elsewhere it tells less often.
type simulateProgress struct {
	out        io.Writer
	every      time.Duration
	told       time.Duration
	head, tail string
	connected  bool
}

func newSimulateProgress(out io.Writer) *simulateProgress {
	if isTerminal(out) {
		return &simulateProgress{out: out, head: "\r\x1b[K"}
	}
	return &simulateProgress{out: out, every: 10 * time.Second, tail: "\n"}
}

func (s *simulateProgress) tell(p simulate.Progress) {
	if p.Connected == p.Sites && !s.connected {
		s.connected = true
		fmt.Fprintf(s.out, "%sall %d sites are connected after %.1f s\n", s.head, p.Sites, p.Elapsed.Seconds()) //nolint:errcheck // as below
	}
	if p.Elapsed-s.told < s.every {
		return
	}
	s.told = p.Elapsed
	connecting := ""
	if p.Connected < p.Sites {
		connecting = fmt.Sprintf("%d of %d sites connected, ", p.Connected, p.Sites)
	}
	fmt.Fprintf(s.out, "%s%s: %s%d written, %d acknowledged, %.0f/s, %d waiting, %d MB, %d goroutines, %d connections%s", //nolint:errcheck // the work goes on without it
		s.head, p.Elapsed.Round(time.Second), connecting, p.Written, p.Acknowledged, p.PerSecond, p.Waiting, p.Memory/1e6, p.Goroutines, p.Connections, s.tail)
}

// end leaves the line.
func (s *simulateProgress) end() {
	if s.head != "" && s.told > 0 {
		fmt.Fprintln(s.out) //nolint:errcheck // as above
	}
}

func (f *simulateFlags) print(out io.Writer, s simulate.Summary) error {
	if f.json {
		return printJSON(out, s)
	}
	_, err := fmt.Fprintf(out, `%d station(s) on %d site(s): connected in %.1f s, with %.1f s of CPU
%d readings written, %d acknowledged, %d waiting, %d rejected, %d sent again
%.0f acknowledged a second for %.1f s; %.2f s of CPU, %.2f s for 100000
%d MB at most, %d kB for each site; %d goroutines, %d connections
`, s.Stations, s.Sites, s.ConnectSeconds, s.ConnectCPU, s.Written, s.Acknowledged, s.Waiting, s.Rejected, s.SentAgain,
		s.PerSecond, s.Seconds, s.CPUSeconds, s.CPUPer100k, s.PeakMemory/1e6, s.MemoryOfSite/1e3, s.Goroutines, s.Connections)
	for _, trouble := range s.Errors {
		_, told := fmt.Fprintf(out, "%d times: %s\n", trouble.Count, trouble.Text)
		err = errors.Join(err, told)
	}
	if s.Waiting > 0 && f.options.Outbox != "" {
		_, told := fmt.Fprintf(out, "what waits is in %s: the same command again sends it\n", f.options.Outbox)
		err = errors.Join(err, told)
	}
	return err
}
