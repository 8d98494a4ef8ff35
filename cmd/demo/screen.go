package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// screen prints whole lines from several goroutines.
type screen struct {
	mu  sync.Mutex
	out io.Writer
}

func newScreen(out io.Writer) *screen { return &screen{out: out} }

// width is the maximum length of a line. Longer lines are truncated, because wrapped lines are hard to follow.
const width = 140

func (s *screen) printf(format string, args ...any) {
	line := []rune(fmt.Sprintf(format, args...))
	if len(line) > width {
		line = append(line[:width-1], '…')
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintln(s.out, string(line)) // an error cannot be reported without a terminal
}

// progressInterval is how often a long step shows that it is not stuck.
const progressInterval = 10 * time.Second

// withProgress runs a step that can take minutes and shows the elapsed time.
func (s *screen) withProgress(step func() error) error {
	start := time.Now()
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	done := make(chan error, 1)
	go func() { done <- step() }()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			s.printf("     ... %s", time.Since(start).Round(time.Second))
		}
	}
}

// Write prints the output of a build unchanged.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(text)
}
