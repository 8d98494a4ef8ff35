package setup

import (
	"fmt"
	"io"
	"strings"
)

// OK reports whether there are no warnings.
func (r *Result) OK() bool { return len(r.Warnings) == 0 }

// Write shows a person what was done.
func (r *Result) Write(out io.Writer) error {
	_, err := io.WriteString(out, r.text())
	return err
}

func (r *Result) text() string {
	var text strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	r.sayFiles(say)
	say("The station's readings go to topic %s.", r.Topic)
	if r.Note != "" {
		say("%s", r.Note)
	}
	for _, warning := range r.Warnings {
		say("Warning: %s", strings.ReplaceAll(warning, "\n", "\n  "))
	}
	r.sayReading(say)
	switch {
	case r.Restart != "" && r.changed():
		say("So that the service takes it up: %s", r.Restart)
	case r.Restart != "":
		say("The service needs a restart only if it has not had one since the last change: %s", r.Restart)
	}
	return text.String()
}

func (r *Result) changed() bool {
	return r.Configuration.Changed || r.Environment != nil && r.Environment.Changed
}

func (r *Result) sayFiles(say func(format string, args ...any)) {
	switch {
	case !r.changed():
		say("Nothing changed: %s says this already.", r.Configuration.Path)
	case r.Configuration.Backup != "":
		say("Wrote %s; as it was before it is in %s.", r.Configuration.Path, r.Configuration.Backup)
	case r.Configuration.Changed:
		say("Wrote %s.", r.Configuration.Path)
	}
	if r.Environment != nil && r.Environment.Changed {
		say("Wrote %s: the user's name and password for Kafka are there.", r.Environment.Path)
	}
}

// sayReading shows the readings, or else what Telegraf had to say about it, without its chatter.
func (r *Result) sayReading(say func(format string, args ...any)) {
	switch {
	case r.Reading == nil:
		return
	case len(r.Reading.Lines) > 0:
		say("A reading was taken:\n%s", strings.Join(r.Reading.Lines, "\n"))
		return
	}
	troubles, all := "", ""
	for line := range strings.Lines(r.Reading.Output) {
		all += "  " + line
		if strings.Contains(line, " E! ") || strings.Contains(line, " W! ") {
			troubles += "  " + line
		}
	}
	if troubles == "" {
		troubles = all
	}
	if troubles == "" {
		troubles = "  (nothing)"
	}
	say("Telegraf said:\n%s", strings.TrimRight(troubles, "\n"))
}
