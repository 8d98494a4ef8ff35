package status

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// SortTroubles puts the sites with problems first.
func (r *Report) SortTroubles() {
	slices.SortStableFunc(r.Sites, func(a, b Site) int { return cmp.Compare(rank(&a), rank(&b)) })
}

func rank(s *Site) int {
	if len(s.Troubles) > 0 {
		return 0
	}
	return 1
}

// Write prints a table and a summary.
func (r *Report) Write(out io.Writer) error {
	rows := [][]string{{"topic", "last reading", "rate", "status", "devices", "lag", "lost", "parked", "problems"}}
	for i := range r.Sites {
		rows = append(rows, r.Sites[i].row())
	}
	if err := texttable.Write(out, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s%s, %d with problems\n", r.groupText(), texttable.Count(len(r.Sites), "site"), r.inTrouble())
	return err
}

// groupText returns a line about a problem of the group, or "".
func (r *Report) groupText() string {
	if r.GroupTrouble != "" {
		return "! " + r.GroupTrouble + "\n"
	}
	waiting := false
	for i := range r.Sites {
		s := &r.Sites[i]
		if !s.NeverConsumed && !s.Unknown {
			return ""
		}
		waiting = waiting || s.Lag != nil && *s.Lag > 0
	}
	if !waiting {
		return ""
	}
	return fmt.Sprintf("! group %q has read none of these topics; check --group and the consumer_group of the central Telegraf\n", r.Group)
}

func (s *Site) row() []string {
	row := []string{s.Topic, "unknown", "", "", "", "", "", ""}
	if !s.Unknown {
		row = []string{
			s.Topic, s.lastText(), rateText(s.PerMinute), s.stateText(), strconv.Itoa(len(s.Devices)), s.lagText(),
			strconv.FormatInt(s.Lost, 10), numberText(s.Parked),
		}
	}
	if len(s.Troubles) > 0 {
		row = append(row, strings.Join(s.Troubles, "; "))
	}
	return row
}

func (s *Site) lastText() string {
	if s.Newest == nil {
		return "never"
	}
	return ageText(s.age)
}

// stateText returns the state of the only device, or the number of devices in the state good.
func (s *Site) stateText() string {
	good := 0
	for _, d := range s.Devices {
		if d.State == Good {
			good++
		}
	}
	switch len(s.Devices) {
	case 0:
		return "-"
	case 1:
		return s.Devices[0].State
	}
	return fmt.Sprintf("%d of %d good", good, len(s.Devices))
}

func (s *Site) lagText() string {
	if s.Lag != nil && s.NeverConsumed && *s.Lag > 0 {
		return fmt.Sprintf("all %d", *s.Lag)
	}
	return numberText(s.Lag)
}

func numberText(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}

func rateText(perMinute float64) string {
	switch {
	case perMinute == 0:
		return "-"
	case perMinute >= 60:
		return fmt.Sprintf("%.3g/s", perMinute/60)
	}
	return fmt.Sprintf("%.3g/min", perMinute)
}

// ageText returns an age in at most two units: 2h5m, 3d4h.
func ageText(age time.Duration) string {
	switch {
	case age < -clockTolerance:
		return "in " + ageText(-age)
	case age < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(age.Seconds())))
	case age < time.Hour:
		return units(age, time.Minute, "m", time.Second, "s")
	case age < 24*time.Hour:
		return units(age, time.Hour, "h", time.Minute, "m")
	}
	return units(age, 24*time.Hour, "d", time.Hour, "h")
}

func units(age, large time.Duration, largeName string, small time.Duration, smallName string) string {
	text := fmt.Sprintf("%d%s", age/large, largeName)
	if rest := age % large / small; rest > 0 {
		text += fmt.Sprintf("%d%s", rest, smallName)
	}
	return text
}
