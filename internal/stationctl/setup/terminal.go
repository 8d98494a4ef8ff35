package setup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal asks a person. It is read by a goroutine of its own, so that Ctrl-C ends a question at once.
type terminal struct {
	in    *os.File
	out   io.Writer
	lines chan string
	ended error // why there are no more lines; set before lines is closed
}

// newTerminal is nil if nobody sits at the other end.
func newTerminal(in io.Reader, out io.Writer) *terminal {
	file, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	t := &terminal{in: file, out: out, lines: make(chan string)}
	go t.read()
	return t
}

func (t *terminal) read() {
	defer close(t.lines)
	lines := bufio.NewReader(t.in)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.ended = err
			return
		}
		t.lines <- strings.TrimRight(line, "\r\n")
	}
}

var errInputEnded = errors.New("the input ended before the last question: nothing was written")

// ask shows a prompt and returns the line that is typed.
func (t *terminal) ask(ctx context.Context, prompt string) (string, error) {
	t.say("%s ", prompt)
	select {
	case line, more := <-t.lines:
		if !more {
			t.say("\n")
			return "", errInputEnded
		}
		return line, nil
	case <-ctx.Done():
		t.say("\n")
		return "", fmt.Errorf("interrupted: nothing was written (%w)", ctx.Err())
	}
}

// askSecret is ask without an echo. That is off before the prompt is there, so also for who types ahead of it.
func (t *terminal) askSecret(ctx context.Context, prompt string) (line string, err error) {
	settings, err := unix.IoctlGetTermios(int(t.in.Fd()), unix.TCGETS)
	if err != nil {
		return "", err
	}
	quiet := *settings
	quiet.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(int(t.in.Fd()), unix.TCSETS, &quiet); err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, unix.IoctlSetTermios(int(t.in.Fd()), unix.TCSETS, settings))
		t.say("\n")
	}()
	return t.ask(ctx, prompt)
}

// confirm is true only if the answer is yes.
func (t *terminal) confirm(ctx context.Context, prompt string) (bool, error) {
	answer, err := t.ask(ctx, prompt+" [y/N]")
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", err
}

// say is for the person; that it cannot be shown is no reason to stop.
func (t *terminal) say(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format, args...) }
