package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// table has a row for each figure and a column for each candidate.
type table struct {
	mu    sync.Mutex
	rows  []string
	cells map[string]map[string]string
}

func (t *table) set(row string, c candidate, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cells == nil {
		t.cells = map[string]map[string]string{}
	}
	if !slices.Contains(t.rows, row) {
		t.rows = append(t.rows, row)
		t.cells[row] = map[string]string{}
	}
	t.cells[row][c.name] = fmt.Sprintf(format, args...)
}

func (t *table) print(to io.Writer, columns []string) error {
	lines := []string{fmt.Sprintf("| | %s |\n|%s", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)+1))}
	for _, row := range t.rows {
		cells := []string{row}
		for _, column := range columns {
			cells = append(cells, t.cells[row][column])
		}
		lines = append(lines, fmt.Sprintf("| %s |", strings.Join(cells, " | ")))
	}
	_, err := fmt.Fprintln(to, strings.Join(lines, "\n"))
	return err
}
