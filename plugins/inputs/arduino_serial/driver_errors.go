package arduino_serial

import (
	"time"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

// driverErrors counts the bytes that the driver of the port received with errors.
type driverErrors struct {
	port     serialport.Port
	counters *counters
	known    serialport.LineErrors
	ok       bool
	next     time.Time
}

// driverPeriod is how often to query the driver.
const driverPeriod = 5 * time.Second

// newDriverErrors starts at the present counts of the driver: they may stem from another program.
func newDriverErrors(port serialport.Port, counters *counters) *driverErrors {
	d := &driverErrors{port: port, counters: counters, next: time.Now().Add(driverPeriod)}
	d.known, d.ok = port.LineErrors()
	return d
}

func (d *driverErrors) countIfDue() {
	if d.ok && !time.Now().Before(d.next) {
		d.next = time.Now().Add(driverPeriod)
		d.count()
	}
}

func (d *driverErrors) count() {
	now, ok := d.port.LineErrors()
	if !ok || !d.ok {
		return
	}
	d.counters.framing.Incr(more(now.Framing, d.known.Framing))
	d.counters.overrun.Incr(more(now.Overrun, d.known.Overrun))
	d.counters.parity.Incr(more(now.Parity, d.known.Parity))
	d.known = now
}

// more returns the growth of a driver counter, which has 32 bits and wraps.
func more(now, before int64) int64 {
	return int64(uint32(now - before)) //nolint:gosec // cut on purpose
}
