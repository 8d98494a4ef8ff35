package arduino_serial

import (
	"time"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// position is the position from GPS sentences, for readings without one.
type position struct {
	values line.Values
	at     time.Time
}

// positionAge is how long a position is valid. A receiver sends one per second.
const positionAge = 10 * time.Second

// set stores the position of a sentence; lat is nil if the GPS has no fix.
func (p *position) set(values line.Values) { p.values, p.at = values, time.Now() }

// fill adds a valid position to a reading that has neither lat nor lon.
func (p *position) fill(values line.Values) {
	if values[schema.Lat] != nil || values[schema.Lon] != nil || p.values[schema.Lat] == nil || time.Since(p.at) > positionAge {
		return
	}
	values[schema.Lat], values[schema.Lon] = p.values[schema.Lat], p.values[schema.Lon]
}
