package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// errInterrupted is returned when Ctrl-C answers a question.
var errInterrupted = errors.New("interrupted; nothing was changed")

// confirm prints the plan and asks whether to apply it, on a stream other than that of the result.
func confirm(ctx context.Context, plan *site.Plan, in io.Reader, out io.Writer) error {
	if err := plan.Write(out); err != nil {
		return err
	}
	return ask(ctx, in, out, "--yes")
}

// ask returns an error unless the answer is yes. The flag is the one that makes the question unnecessary.
func ask(ctx context.Context, in io.Reader, out io.Writer, flag string) error {
	if _, err := fmt.Fprint(out, "Apply these changes? [y/N] "); err != nil {
		return err
	}
	answer, err := readAnswer(ctx, in)
	switch {
	case errors.Is(err, errInterrupted):
		return err
	case err != nil && answer == "":
		return fmt.Errorf("no answer, so nothing was changed; use %s to run without a prompt", flag)
	}
	switch strings.ToLower(answer) {
	case "y", "yes":
		return nil
	}
	return fmt.Errorf("nothing was changed (the answer was %q)", answer)
}

// readAnswer returns as soon as the context is done: a read from a terminal cannot be canceled, so it is left behind with the process.
func readAnswer(ctx context.Context, in io.Reader) (string, error) {
	type answer struct {
		text string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		text, err := bufio.NewReader(in).ReadString('\n')
		read <- answer{strings.TrimSpace(text), err}
	}()
	select {
	case a := <-read:
		return a.text, a.err
	case <-ctx.Done():
		return "", errInterrupted
	}
}

// isTerminal reports whether a person can answer there.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
