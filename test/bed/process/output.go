package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// tailSize is the number of output bytes kept for error messages and WaitForLog.
const tailSize = 64 << 10

// errorLines is the number of last lines in an error message.
const errorLines = 20

// tail keeps the end of the output and notifies the callers that wait for a text.
type tail struct {
	lock    sync.Mutex
	kept    []byte
	waiters map[*waiter]struct{}
}

type waiter struct {
	text  []byte
	found chan struct{}
}

func newTail() *tail {
	return &tail{waiters: map[*waiter]struct{}{}}
}

// Write searches before it trims, so that it finds texts in fast output.
func (t *tail) Write(output []byte) (int, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.kept = append(t.kept, output...)
	for w := range t.waiters {
		if bytes.Contains(t.kept, w.text) {
			close(w.found)
			delete(t.waiters, w)
		}
	}
	// Drop half of it at a time: one copy for many lines.
	if len(t.kept) > 2*tailSize {
		t.kept = append([]byte(nil), t.kept[len(t.kept)-tailSize:]...)
	}
	return len(output), nil
}

func (t *tail) String() string {
	t.lock.Lock()
	defer t.lock.Unlock()
	return string(t.kept[max(0, len(t.kept)-tailSize):])
}

// expect returns a channel that is closed when the text is in the output, and a function that stops the wait.
func (t *tail) expect(text string) (found <-chan struct{}, forget func()) {
	w := &waiter{text: []byte(text), found: make(chan struct{})}
	t.lock.Lock()
	defer t.lock.Unlock()
	if bytes.Contains(t.kept, w.text) {
		close(w.found)
		return w.found, func() {}
	}
	t.waiters[w] = struct{}{}
	return w.found, func() {
		t.lock.Lock()
		defer t.lock.Unlock()
		delete(t.waiters, w)
	}
}

// WaitForLog waits until the program has printed the text, in the last 64 KiB before the call or later. It returns an error if the program
// exits or the context ends first.
func (p *Process) WaitForLog(ctx context.Context, text string) error {
	found, forget := p.output.expect(text)
	defer forget()
	select {
	case <-found:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s did not print %q: %w; it printed last:\n%s", p.name, text, ctx.Err(), p.lastLines())
	case <-p.done:
	}
	select {
	case <-found: // printed just before the exit
		return nil
	default:
		return fmt.Errorf("%s did not print %q: %w", p.name, text, p.ended())
	}
}

// ErrEnded is returned when a program has exited.
var ErrEnded = errors.New("ended")

// ended returns an error with the exit status and the last lines of output.
func (p *Process) ended() error {
	how := p.err
	if how == nil {
		how = errors.New("exit status 0")
	}
	return fmt.Errorf("%s (pid %d) %w: %w; it printed last:\n%s", p.name, p.pid, ErrEnded, how, p.lastLines())
}

// Ended returns nil while the program runs, then an error with the exit status and the last lines of output.
func (p *Process) Ended() error {
	select {
	case <-p.done:
		return p.ended()
	default:
		return nil
	}
}

func (p *Process) lastLines() string {
	lines := strings.Split(strings.TrimRight(p.Tail(), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-errorLines):], "\n")
}
