package main

import (
	"fmt"
	"io"
	"sync"
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
	fmt.Fprintln(s.out, string(line))
}

// Write lets a build print its progress as it is.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(text)
}
