package figures

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Table returns the report in Markdown.
func (r Report) Table() string {
	var text strings.Builder
	text.WriteString(r.Heading + "\n\n")
	text.WriteString("| | records/s, full speed | CPU s per 100,000 | peak memory, MB | CPU at 1/s, % of a core | to disk at 1/s, B per record | to disk at full speed |")
	for _, speed := range Speeds() {
		text.WriteString(" latency at " + speedName(speed) + " |")
	}
	text.WriteString("\n|" + strings.Repeat(" --- |", 7+len(Speeds())) + "\n")
	r.rows(&text, "Station: newline to readable in Kafka", r.Stations)
	r.rows(&text, "Central: record to queryable in InfluxDB", r.Central)
	text.WriteString("\nMedians of the rounds, in parentheses minimum and maximum; latencies are p50 / p99 and the overall maximum, in ms.\n")
	return text.String()
}

func speedName(speed int) string {
	if speed == Full {
		return "full speed"
	}
	return strconv.Itoa(speed) + "/s"
}

func (r Report) rows(text *strings.Builder, side string, contenders []Contender) {
	if len(contenders) == 0 {
		return
	}
	text.WriteString("| **" + side + "** |" + strings.Repeat(" |", 6+len(Speeds())) + "\n")
	for _, c := range contenders {
		cells := []string{c.Name + c.defects()}
		cells = append(cells,
			c.cell(Full, Phase.rate, 1, 0), c.cell(Full, Phase.cpuPer100k, 1, 2), c.cell(c.last(), Phase.memory, 1e-6, 0),
			c.cell(1, Phase.cpuShare, 100, 2), c.writtenCell(1), c.writtenCell(Full))
		for _, speed := range Speeds() {
			cells = append(cells, c.latencyCell(speed))
		}
		text.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
}

// defects returns the numbers of lost and repeated records.
func (c Contender) defects() string {
	var all []string
	if lost := c.lost(); lost > 0 {
		all = append(all, fmt.Sprintf("**%s lost**", Count(float64(lost), 0)))
	}
	if repeated := c.repeated(); repeated > 0 {
		all = append(all, Count(float64(repeated), 0)+" repeated")
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// last returns the highest measured speed, after which the peak memory is known.
func (c Contender) last() int {
	last := Full
	for _, speed := range Speeds() {
		if len(c.Phases[speed]) > 0 {
			last = speed
		}
	}
	return last
}

const none = "—"

func (c Contender) cell(speed int, figure func(Phase) float64, unit float64, decimals int) string {
	if len(c.Phases[speed]) == 0 {
		return none
	}
	s := c.spread(speed, figure)
	if len(c.Phases[speed]) == 1 {
		return Count(s.Median*unit, decimals)
	}
	return fmt.Sprintf("%s (%s–%s)", Count(s.Median*unit, decimals), Count(s.Min*unit, decimals), Count(s.Max*unit, decimals))
}

func (c Contender) writtenCell(speed int) string {
	bytes, measured := c.Written[speed]
	if !measured {
		return none
	}
	return Count(bytes, 0)
}

func (c Contender) latencyCell(speed int) string {
	if len(c.Phases[speed]) == 0 {
		return none
	}
	l := c.latency(speed)
	return fmt.Sprintf("%s / %s, %s", milliseconds(l.P50), milliseconds(l.P99), milliseconds(l.Max))
}

func milliseconds(d time.Duration) string {
	decimals := 0
	if d < 100*time.Millisecond {
		decimals = 1
	}
	return Count(float64(d)/float64(time.Millisecond), decimals)
}

// Count formats a number with thousands separators.
func Count(number float64, decimals int) string {
	text := strconv.FormatFloat(number, 'f', decimals, 64)
	whole, rest, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		return whole + "." + rest
	}
	return whole
}
