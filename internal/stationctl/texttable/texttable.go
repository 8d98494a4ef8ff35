// Package texttable prints aligned columns.
package texttable

import (
	"io"
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
