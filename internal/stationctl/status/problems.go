package status

import (
	"fmt"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// clockTolerance is how far the clock of a station can be ahead of ours.
const clockTolerance = time.Minute

// findProblems adds the problems of the site, the worst first.
func (s *Site) findProblems(failure error, now time.Time, o *Options) {
	switch {
	case failure != nil:
		s.Unknown = true
		s.trouble("%s", failure)
		return
	case s.records == 0:
		s.trouble("no records")
	case s.Newest == nil:
		s.trouble("no readings in its last records")
	}
	s.judgeDevices(now, o.SilentAfter)
	if s.Lost > 0 {
		s.trouble("%d lost in its last records; run stationctl audit %s", s.Lost, s.Topic)
	}
	if s.Parked != nil && *s.Parked > 0 {
		s.trouble("%d parked; run stationctl outbox list on the station", *s.Parked)
	}
	if s.damaged != nil {
		s.trouble("%s", s.damaged)
	} else if s.Unreadable > 0 {
		s.trouble("%d of its last records are unreadable", s.Unreadable)
	}
	if s.Lag != nil && *s.Lag > o.MaxLag {
		s.trouble("group %q lags by %d records", o.Group, *s.Lag)
	}
}

func (s *Site) trouble(format string, args ...any) {
	s.Troubles = append(s.Troubles, fmt.Sprintf(format, args...))
}

func (s *Site) judgeDevices(now time.Time, silentAfter time.Duration) {
	var old, late, mute, ahead []string
	for _, d := range s.Devices {
		switch {
		case now.Sub(d.Newest) > silentAfter && now.Sub(d.Arrived) <= silentAfter:
			late = append(late, d.ID)
		case now.Sub(d.Newest) > silentAfter:
			old = append(old, d.ID)
		case d.Status == schema.StatusCommunicationError:
			mute = append(mute, d.ID)
		}
		if d.Newest.Sub(now) > clockTolerance {
			ahead = append(ahead, d.ID)
		}
	}
	s.name("no reading of %s for "+ageText(silentAfter)+" or more", old)
	s.name("readings of %s arrive, but are old: they were pending, or its clock is wrong", late)
	s.name("the board of %s is silent", mute)
	s.name("the clock of %s is ahead", ahead)
}

// namedDevices limits the devices that a problem names.
const namedDevices = 3

// name adds a problem of some devices.
func (s *Site) name(format string, ids []string) {
	if len(ids) == 0 {
		return
	}
	var names []string
	for _, id := range ids[:min(len(ids), namedDevices)] {
		names = append(names, quote(id))
	}
	text := strings.Join(names, ", ")
	if more := len(ids) - namedDevices; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	s.trouble(format, text)
}

// quote returns an id that is safe for a terminal, and short.
func quote(id string) string {
	const most = 40
	if runes := []rune(id); len(runes) > most {
		id = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", id)
}
