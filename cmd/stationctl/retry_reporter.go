package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// retryReporter reports the first retried Kafka request and, at the end, the number of retries.
type retryReporter struct {
	out   io.Writer
	lock  sync.Mutex
	count int
}

func (s *retryReporter) retried(err error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.count++
	if s.count == 1 {
		s.print("Kafka does not respond, or too slowly (%s); retrying; the changes so far are kept", err)
	}
}

func (s *retryReporter) end() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.count > 0 {
		s.print("%s to Kafka; if there are many, check the heap and the CPU of the brokers", texttable.Count(s.count, "repeated request"))
	}
}

// print replaces the progress line on a terminal.
func (s *retryReporter) print(format string, args ...any) {
	head := ""
	if isTerminal(s.out) {
		head = "\r\x1b[K"
	}
	fmt.Fprintf(s.out, head+format+"\n", args...) //nolint:errcheck // the command continues without it
}
