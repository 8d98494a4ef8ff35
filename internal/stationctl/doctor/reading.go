package doctor

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// readingLimit is that of `telegraf --test`, which bounds itself.
const readingLimit = 50 * time.Second

// readOnce is for several boards: `telegraf --test` reads all of them, and two at once would take each other's ports.
func (d *doctor) readOnce(ctx context.Context) {
	d.takeReading = sync.OnceValues(func() (*host.Reading, error) {
		return host.TakeReading(ctx, d.Telegraf, d.absolute(), d.variables, d.Account)
	})
}

// reading has Telegraf itself take one, as the service would.
func (b *board) reading(context.Context) result {
	if b.System.UsedByTelegraf(b.path) {
		return unchecked("telegraf has the port: see delivery")
	}
	reading, err := b.takeReading()
	if reading == nil {
		return bad("", "%v", err)
	}
	for _, shown := range reading.Lines {
		if !strings.Contains(shown, ",device_id="+escapeTag(b.DeviceID)) {
			continue
		}
		if strings.Contains(shown, "status=1i") {
			return doubtful(b.look(), "%s %s", shown, warnings(reading.Output))
		}
		return good("%s", strings.TrimPrefix(shown, "> "))
	}
	trouble := complaints(reading.Output)
	if trouble == "" && err != nil {
		trouble = err.Error()
	}
	return bad(b.mendReading(reading.Output), "%s %s", trouble, warnings(reading.Output))
}

// escapeTag is a tag's value in line protocol.
func escapeTag(value string) string {
	return strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`).Replace(value)
}

// look is for what no command mends.
func (b *board) look() string {
	return "sudo -u " + b.Account.Name + " telegraf --test --config " + quote(b.Configuration) + "  # after a look at the sensor and its wires"
}

var otherFormat = regexp.MustCompile(`line_format = "\w+"`)

func (b *board) mendReading(output string) string {
	if format := otherFormat.FindString(output); format != "" {
		return b.edit(format)
	}
	return b.edit("line_format, columns, checksum: as the sketch prints")
}

// warnings are those of a board's lines.
func warnings(output string) string {
	var all []string
	for text := range strings.Lines(output) {
		text = strings.TrimSpace(text)
		if level := logPrefix.FindStringSubmatch(text); level != nil && level[1] == "W!" && strings.Contains(text, "[inputs.arduino_serial]") {
			all = append(all, strings.TrimPrefix(text, level[0]))
		}
	}
	return strings.Join(all, " ")
}
