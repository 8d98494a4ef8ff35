// Package command has what the benchmark commands with result files share.
package command

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// SetUnlessGiven sets each flag that is missing on the command line. The names and values must be valid.
func SetUnlessGiven(flags *flag.FlagSet, values map[string]string) {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range values {
		if !given[name] {
			_ = flags.Set(name, value)
		}
	}
}

// WriteResults prints the table and writes results.md and results.svg into dir.
func WriteResults(dir, table, plot string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for name, content := range map[string]string{"results.md": table, "results.svg": plot} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	_, err := fmt.Print(table)
	return err
}
