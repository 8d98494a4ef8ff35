package doctor

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sys/unix"
)

// built is a year that is over: a clock that shows an earlier one was never set.
const built = 2025

// setClock has the network keep the clock.
const setClock = "sudo timedatectl set-ntp true"

func (d *doctor) clock(context.Context) result {
	now, kept := d.Clock()
	switch {
	case now.Year() < built:
		return bad(setClock, "it shows %s: it was not set since the start, and readings carry that time", now.UTC().Format(time.RFC3339))
	case !kept:
		return doubtful(setClock, "it shows %s, but nothing keeps it right (NTP)", now.UTC().Format(time.RFC3339))
	}
	return good("%s, kept right by NTP", now.UTC().Format(time.RFC3339))
}

// systemClock asks the kernel, as timedatectl does.
func systemClock() (now time.Time, kept bool) {
	var state unix.Timex
	_, err := unix.Adjtimex(&state)
	return time.Now(), err == nil && state.Status&unix.STA_UNSYNC == 0
}

// offBy is how far this computer's clock is from that of a server's answer, which counts whole seconds.
func offBy(header http.Header, now time.Time) (off time.Duration, known bool) {
	there, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0, false
	}
	return now.Sub(there), true
}
