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

// newMan writes the manual pages: a step of the package's build, which users need not see.
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
			root.DisableAutoGenTag = true // it names the day of the build
			escapeFlags(root)
			header := &doc.GenManHeader{Section: "1", Source: "telegraf-station", Manual: "User commands", Date: pageDate()}
			return doc.GenManTree(root, header, args[0])
		},
	}
}

// escapeFlags has a regular expression stay one: the pages are made from Markdown, where [^_] is a footnote (and go-md2man v2.0.7
// panics at it).
func escapeFlags(command *cobra.Command) {
	markdown := strings.NewReplacer(`[`, `\[`, `_`, `\_`, `*`, `\*`)
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		flag.Usage, flag.DefValue = markdown.Replace(flag.Usage), markdown.Replace(flag.DefValue)
	})
	for _, sub := range command.Commands() {
		escapeFlags(sub)
	}
}

// pageDate is SOURCE_DATE_EPOCH, so that two builds of a commit are the same (reproducible-builds.org/specs/source-date-epoch).
func pageDate() *time.Time {
	date := time.Now()
	if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		date = time.Unix(seconds, 0).UTC()
	}
	return &date
}
