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

// width is that of a common terminal; what is longer is cut, since a wrapped line is hard to follow.
const width = 140

func (s *screen) printf(format string, args ...any) {
	line := []rune(fmt.Sprintf(format, args...))
	if len(line) > width {
		line = append(line[:width-1], '…')
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintln(s.out, string(line)) // without a terminal there is nobody to tell
}

// sayEvery is how often a long step says that it is not stuck.
const sayEvery = 10 * time.Second

// during runs a step that may take minutes and says how long it has taken.
func (s *screen) during(step func() error) error {
	begin := time.Now()
	tick := time.NewTicker(sayEvery)
	defer tick.Stop()
	done := make(chan error, 1)
	go func() { done <- step() }()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			s.printf("     ... %s", time.Since(begin).Round(time.Second))
		}
	}
}

// Write lets a build print its progress as it is.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(text)
}
