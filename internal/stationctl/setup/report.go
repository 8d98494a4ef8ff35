package setup

import (
	"fmt"
	"io"
	"strings"
)

// OK reports whether there are no warnings.
func (r *Result) OK() bool { return len(r.Warnings) == 0 }

// Write prints what was done.
func (r *Result) Write(out io.Writer) error {
	_, err := io.WriteString(out, r.text())
	return err
}

func (r *Result) text() string {
	var text strings.Builder
	printf := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	r.printFiles(printf)
	printf("The readings go to topic %s.", r.Topic)
	if r.Note != "" {
		printf("%s", r.Note)
	}
	for _, warning := range r.Warnings {
		printf("Warning: %s", strings.ReplaceAll(warning, "\n", "\n  "))
	}
	r.printReading(printf)
	switch {
	case r.Restart != "" && r.changed():
		printf("To apply the changes, restart the service: %s", r.Restart)
	case r.Restart != "":
		printf("If the service has not been restarted since the last change, run: %s", r.Restart)
	}
	return text.String()
}

func (r *Result) changed() bool {
	return r.Configuration.Changed || r.Environment != nil && r.Environment.Changed
}

func (r *Result) printFiles(printf func(format string, args ...any)) {
	switch {
	case !r.changed():
		printf("%s is unchanged: it already has these settings.", r.Configuration.Path)
	case r.Configuration.Backup != "":
		printf("Wrote %s; the previous file is %s.", r.Configuration.Path, r.Configuration.Backup)
	case r.Configuration.Changed:
		printf("Wrote %s.", r.Configuration.Path)
	}
	if r.Environment != nil && r.Environment.Changed {
		printf("Wrote %s, which has the user name and password for Kafka.", r.Environment.Path)
	}
}

// printReading prints the readings or, if there are none, the errors and warnings of Telegraf, or else its whole output.
func (r *Result) printReading(printf func(format string, args ...any)) {
	switch {
	case r.Reading == nil:
		return
	case len(r.Reading.Lines) > 0:
		printf("Test reading:\n%s", strings.Join(r.Reading.Lines, "\n"))
		return
	}
	problems, all := "", ""
	for line := range strings.Lines(r.Reading.Output) {
		all += "  " + line
		if strings.Contains(line, " E! ") || strings.Contains(line, " W! ") {
			problems += "  " + line
		}
	}
	if problems == "" {
		problems = all
	}
	if problems == "" {
		problems = "  (nothing)"
	}
	printf("Telegraf printed:\n%s", strings.TrimRight(problems, "\n"))
}
