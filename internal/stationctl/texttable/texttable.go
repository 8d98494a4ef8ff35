// Package texttable prints aligned columns.
package texttable

import (
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Write prints the rows, the first of which are the names of the columns.
func Write(w io.Writer, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		if _, err := io.WriteString(table, strings.Join(row, "\t")+"\n"); err != nil {
			return err
		}
	}
	return table.Flush()
}

// Count returns a number with its noun, as in "1 topic" and "2 topics".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
