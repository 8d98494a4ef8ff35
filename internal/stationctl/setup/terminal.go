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

// terminal asks the user. A goroutine reads the lines, so that Ctrl-C interrupts a question immediately.
type terminal struct {
	in    *os.File
	out   io.Writer
	lines chan string
	ended error // why there are no more lines; set before lines is closed
}

// newTerminal returns nil if the input is not a terminal.
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

var errInputEnded = errors.New("nothing was written: the input ended before the last question")

// ask prints a prompt and returns the line that the user enters.
func (t *terminal) ask(ctx context.Context, prompt string) (string, error) {
	t.printf("%s ", prompt)
	select {
	case line, more := <-t.lines:
		if !more {
			t.printf("\n")
			return "", errInputEnded
		}
		return line, nil
	case <-ctx.Done():
		t.printf("\n")
		return "", fmt.Errorf("nothing was written: interrupted: %w", ctx.Err())
	}
}

// askSecret is ask without echo, which is turned off before the prompt appears.
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
		t.printf("\n")
	}()
	return t.ask(ctx, prompt)
}

// confirm reports whether the answer is yes.
func (t *terminal) confirm(ctx context.Context, prompt string) (bool, error) {
	answer, err := t.ask(ctx, prompt+" [y/N]")
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", err
}

// printf prints to the terminal; errors are ignored.
func (t *terminal) printf(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format, args...) }
