package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

// newMan returns the command that writes the manual pages, a step of the package build.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIRECTORY",
		Short:  "Write the manual pages",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o750); err != nil {
				return err
			}
			root := command.Root()
			root.CompletionOptions.HiddenDefaultCmd = true
			root.DisableAutoGenTag = true // it contains the day of the build
			escapeFlags(root)
			header := &doc.GenManHeader{Section: "1", Source: "telegraf-station", Manual: "User commands", Date: pageDate()}
			return doc.GenManTree(root, header, args[0])
		},
	}
}

// escapeFlags escapes regular expressions: the pages are built from Markdown, in which [^_] is a footnote, on which go-md2man v2.0.7
// panics.
func escapeFlags(command *cobra.Command) {
	markdown := strings.NewReplacer(`[`, `\[`, `_`, `\_`, `*`, `\*`)
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		flag.Usage, flag.DefValue = markdown.Replace(flag.Usage), markdown.Replace(flag.DefValue)
	})
	for _, sub := range command.Commands() {
		escapeFlags(sub)
	}
}

// pageDate returns SOURCE_DATE_EPOCH, so that builds are reproducible (reproducible-builds.org/specs/source-date-epoch).
func pageDate() *time.Time {
	date := time.Now()
	if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		date = time.Unix(seconds, 0).UTC()
	}
	return &date
}
