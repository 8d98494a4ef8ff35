package doctor

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sys/unix"
)

// minYear is a past year: a clock before it was never set.
const minYear = 2025

const fixClock = "sudo timedatectl set-ntp true"

func (d *doctor) clock(context.Context) result {
	now, synchronized := d.Clock()
	text := now.UTC().Format(time.RFC3339)
	switch {
	case now.Year() < minYear:
		return failed(fixClock, "it shows %s: it has not been set since boot, so readings get a wrong time", text)
	case !synchronized:
		return warning(fixClock, "it shows %s, but is not synchronized (NTP)", text)
	}
	return ok("%s, synchronized by NTP", text)
}

// systemClock queries the kernel, as timedatectl does.
func systemClock() (now time.Time, synchronized bool) {
	var state unix.Timex
	_, err := unix.Adjtimex(&state)
	return time.Now(), err == nil && state.Status&unix.STA_UNSYNC == 0
}

// clockOffset returns how far the clock of this computer is ahead of the server's; the header has whole seconds.
func clockOffset(header http.Header, now time.Time) time.Duration {
	server, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	return now.Sub(server)
}
