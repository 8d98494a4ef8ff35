package main

import (
	"fmt"
	"io"
	"sync"
)

// slowness tells once that Kafka does not keep up, and in the end how often.
type slowness struct {
	out   io.Writer
	lock  sync.Mutex
	count int
}

func (s *slowness) retried(err error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.count++
	if s.count == 1 {
		s.tell("Kafka does not answer, or too slowly (%s): trying again; what is made is not lost", err)
	}
}

func (s *slowness) end() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.count > 0 {
		s.tell("%d request(s) to Kafka were tried again: see its brokers' heap and CPU if there are many", s.count)
	}
}

// tell takes the place of a line of progress on a terminal.
func (s *slowness) tell(format string, args ...any) {
	head := ""
	if isTerminal(s.out) {
		head = "\r\x1b[K"
	}
	fmt.Fprintf(s.out, head+format+"\n", args...) //nolint:errcheck // the work goes on without it
}
