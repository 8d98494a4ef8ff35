package doctor

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// readingLimit exceeds the limit of `telegraf --test`.
const readingLimit = 50 * time.Second

// readingOnce takes one reading for all boards: `telegraf --test` reads all of them, and two processes would compete for the ports.
func (d *doctor) readingOnce(ctx context.Context) func() (*host.Reading, error) {
	return sync.OnceValues(func() (*host.Reading, error) {
		return host.TakeReading(ctx, d.Telegraf, d.absoluteConfiguration(), d.variables, d.Account)
	})
}

// reading has Telegraf take a reading, as the service does.
func (b *board) reading(path string) result {
	if b.System.UsedByTelegraf(path) {
		return unchecked(inUseByTelegraf)
	}
	reading, err := b.takeReading()
	if reading == nil {
		return failed("", "%v", err)
	}
	warnings := b.warningsIn(reading.Output)
	for _, line := range reading.Lines {
		if !strings.Contains(line, ",device_id="+escapeTag(b.DeviceID)) {
			continue
		}
		if strings.Contains(line, "status=1i") {
			return warning(b.fixSensor(), "%s %s", line, warnings)
		}
		return ok("%s", strings.TrimPrefix(line, "> "))
	}
	problem := errorsIn(reading.Output)
	if problem == "" && err != nil {
		problem = err.Error()
	}
	return failed(b.fixFormat(reading.Output), "%s %s", problem, warnings)
}

// escapeTag escapes a tag value for line protocol.
func escapeTag(value string) string {
	return strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`).Replace(value)
}

// fixSensor takes another reading after the user has checked the sensor, which no command can do.
func (b *board) fixSensor() string {
	return "sudo -u " + b.Account.Name + " telegraf --test --config " + quote(b.Configuration) + "  # after you have checked the sensor and its wiring"
}

var suggestedFormat = regexp.MustCompile(`line_format = "\w+"`)

func (b *board) fixFormat(output string) string {
	if format := suggestedFormat.FindString(output); format != "" {
		return b.fixEdit(format)
	}
	return b.fixEdit("line_format, columns, checksum: set them to match the sketch")
}

// warningsIn returns the warnings about lines of boards.
func (b *board) warningsIn(output string) string {
	var all []string
	for _, line := range logLines(output, "W!") {
		if strings.Contains(line, "[inputs.arduino_serial]") {
			all = append(all, line)
		}
	}
	return strings.Join(all, " ")
}
