package arduino_serial

import (
	"time"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

// driverErrors counts what the port's driver says of bytes that did not arrive well.
type driverErrors struct {
	port     serialport.Port
	counters *counters
	known    serialport.LineErrors
	ok       bool
	next     time.Time
}

// driverPeriod lies between two questions to the driver.
const driverPeriod = 5 * time.Second

// newDriverErrors begins with what the driver has counted so far: it may be another program's.
func newDriverErrors(port serialport.Port, counters *counters) *driverErrors {
	d := &driverErrors{port: port, counters: counters, next: time.Now().Add(driverPeriod)}
	d.known, d.ok = port.LineErrors()
	return d
}

func (d *driverErrors) countNowAndThen() {
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

// more is how much a driver's counter has grown; it has 32 bits and begins anew.
func more(now, before int64) int64 {
	return int64(uint32(now - before)) //nolint:gosec // cut on purpose
}
