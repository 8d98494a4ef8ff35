package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// watching shows the sites until it is interrupted, and returns the last result. A failed update is also shown: brokers come back.
func (f *statusFlags) watching(ctx context.Context, out io.Writer) error {
	var found error
	for {
		var table bytes.Buffer
		err := f.look(ctx, &table)
		if ctx.Err() != nil { // the interrupted update has no result
			return found
		}
		if found = err; err != nil && !errors.Is(err, errFound) {
			fmt.Fprintf(&table, "stationctl: %v\n", err)
		}
		if err := redraw(out, table.String(), time.Now()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return found
		case <-time.After(f.watch):
		}
	}
}

// redraw replaces the previous text on a terminal, and otherwise appends to it.
func redraw(out io.Writer, text string, now time.Time) error {
	file, isFile := out.(*os.File)
	if isFile {
		if width, height, err := term.GetSize(int(file.Fd())); err == nil {
			const clearAll = "\x1b[H\x1b[2J"
			text = clearAll + now.Format(time.TimeOnly) + "\n" + fit(text, width, height-1)
		}
	}
	_, err := io.WriteString(out, text)
	return err
}

// fit truncates a text that exceeds the terminal: otherwise the first lines, which matter most, would scroll away.
func fit(text string, width, height int) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if rows(lines, width) < height {
		return text
	}
	if most := max(2, height-1); len(lines) > most {
		more := fmt.Sprintf("and %s; %s", texttable.Count(len(lines)-most+1, "more line"), lines[len(lines)-1])
		lines = append(lines[:most-1], more)
	}
	for i, line := range lines {
		if runes := []rune(line); len(runes) > width {
			lines[i] = string(runes[:width])
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// rows returns the number of terminal rows of the lines.
func rows(lines []string, width int) (count int) {
	for _, line := range lines {
		count += 1 + len(line)/max(1, width)
	}
	return count
}
