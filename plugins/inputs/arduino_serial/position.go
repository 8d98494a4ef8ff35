package arduino_serial

import (
	"time"

	"github.com/telegraf-station/telegraf-station/internal/line"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// position is where the station is by its GPS's own sentences, for readings that do not say so themselves.
type position struct {
	values line.Values
	at     time.Time
}

// positionAge is how long a position holds. A receiver sends one a second; after ten it is gone.
const positionAge = 10 * time.Second

// fix takes the position of a sentence; lat is nil where the GPS has no fix.
func (p *position) fix(values line.Values) { p.values, p.at = values, time.Now() }

// fill gives a reading the position if it has neither lat nor lon, and there is one.
func (p *position) fill(values line.Values) {
	if values[schema.Lat] != nil || values[schema.Lon] != nil || p.values[schema.Lat] == nil || time.Since(p.at) > positionAge {
		return
	}
	values[schema.Lat], values[schema.Lon] = p.values[schema.Lat], p.values[schema.Lon]
}
