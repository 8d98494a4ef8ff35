package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// tailSize is how many bytes of the output are kept for error messages and for WaitForLog.
const tailSize = 64 << 10

// errorLines is how many of the last lines an error message shows.
const errorLines = 20

// tail keeps the end of a program's output and tells those who wait for a text in it.
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

// Write looks before it trims, so a text is found however fast the output runs.
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
	// Half of it goes at a time: one move for many lines.
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

// expect returns a channel that closes when the text is in the output, and what ends the wait.
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

// WaitForLog returns when the program has printed the text: in the last 64 KiB before the call, or since. It is an error
// when the program or the context ends before that.
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
	case <-found: // with its last words
		return nil
	default:
		return fmt.Errorf("%s did not print %q: %w", p.name, text, p.ended())
	}
}

// ErrEnded is in the error of a wait for a program that has ended.
var ErrEnded = errors.New("ended")

// ended says how the program ended, with the last lines that it printed.
func (p *Process) ended() error {
	how := p.err
	if how == nil {
		how = errors.New("exit status 0")
	}
	return fmt.Errorf("%s (pid %d) %w: %w; it printed last:\n%s", p.name, p.pid, ErrEnded, how, p.lastLines())
}

// Ended is nil while the program runs, then an error that says how it ended and shows the last lines that it printed.
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
