//go:build real

package grafana

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// The six hours of the fleet, fixed so that the pictures do not change.
var (
	begin = time.Date(2026, 6, 1, 6, 0, 0, 0, time.UTC)
	end   = begin.Add(6 * time.Hour)
	// healthy is a time without problems.
	healthy = end.Add(-3 * time.Hour)
)

// station is a device and its problems before the end of the six hours. Zero: none.
type station struct {
	site, index, kind, id string
	lat, lon              float64
	disconnected          time.Duration // its temperature sensor is disconnected
	silent                time.Duration // its board sends nothing
	away                  time.Duration // it sends nothing
	filling               time.Duration // its outbox is nearly full
}

func stations() []station {
	return []station{
		{site: "JNU", index: "1", kind: "rasp", id: "RaspberryPi", lat: 35.17959, lon: 126.90822},
		{site: "JNU", index: "1", kind: "rasp", id: "RaspberryPi-2", lat: 35.17712, lon: 126.91105, disconnected: 2 * time.Hour},
		{site: "JNU", index: "2", kind: "rasp", id: "roof", lat: 35.17611, lon: 126.90534, silent: 30 * time.Minute},
		{site: "KNU", index: "1", kind: "rasp", id: "RaspberryPi", lat: 35.88843, lon: 128.61162, away: 40 * time.Minute},
		{site: "Busan.East", index: "1", kind: "rasp", id: "harbor", lat: 35.10311, lon: 129.04232},
		// Its ID contains special characters of regular expressions.
		{site: "KIST-2", index: "1", kind: "uno", id: "lab (2)/a.b", lat: 37.60204, lon: 127.04532, filling: time.Hour},
	}
}

// topic is a topic as a central Telegraf reports it.
type topic struct {
	site, index, kind string
	stations          int
	from              time.Time
	away              time.Duration
	lag               func(at time.Time) int
	lost              func(at time.Time) int
}

func topics() []topic {
	none := func(time.Time) int { return 0 }
	wobble := func(at time.Time) int { return at.Second() / 30 * 3 }
	return []topic{
		// A central Telegraf stopped in the middle, and its counter restarted.
		{"JNU", "1", "rasp", 2, begin, 0, wobble, func(at time.Time) int {
			if at.After(begin.Add(time.Hour)) && at.Before(begin.Add(150*time.Minute)) {
				return 2
			}
			return 0
		}},
		{"JNU", "2", "rasp", 1, begin, 0, wobble, none},
		{"KNU", "1", "rasp", 1, begin, 40 * time.Minute, wobble, none},
		{"Busan.East", "1", "rasp", 1, begin, 0, func(at time.Time) int {
			return max(wobble(at), int((15*time.Minute-end.Sub(at)).Seconds()/10))
		}, func(at time.Time) int {
			if at.Before(end.Add(-20 * time.Minute)) {
				return 0
			}
			return 3
		}},
		// Its central Telegraf is new and finds a gap immediately.
		{"KIST-2", "1", "uno", 1, end.Add(-30 * time.Minute), 0, none, func(time.Time) int { return 1 }},
	}
}

// fleet returns all points in line protocol, as the central Telegraf writes them.
func fleet() []string {
	var lines []string
	for i, s := range stations() {
		lines = append(lines, s.readings(i)...)
		lines = append(lines, s.health(i)...)
	}
	for _, t := range topics() {
		lines = append(lines, t.lines()...)
	}
	return lines
}

const period = 10 * time.Second

func (s station) readings(seed int) []string {
	var lines []string
	for at := begin; at.Before(end.Add(-s.away)); at = at.Add(period) {
		if fields := s.fields(seed, at); fields != "" {
			lines = append(lines, fmt.Sprintf("%s_%s,%s %s %d", s.site, s.kind, s.tags(), fields, at.UnixNano()))
		}
	}
	return lines
}

func (s station) tags() string {
	id := strings.NewReplacer(" ", `\ `, ",", `\,`, "=", `\=`).Replace(s.id)
	return fmt.Sprintf("id=%s,index=%s,site=%s,type=%s", id, s.index, s.site, s.kind)
}

// fields returns the fields of a reading: usually valid, sometimes with a missing value, and once of a silent board.
func (s station) fields(seed int, at time.Time) string {
	n := int(at.Sub(begin) / period)
	gone := s.silent > 0 && at.After(end.Add(-s.silent))
	position := fmt.Sprintf("latitude=%g,longitude=%g", s.lat, s.lon)
	switch {
	case gone && n%3 != 0: // every silence_timeout
		return ""
	case gone || n == 500:
		return "alcohol_gas=-1i,co_gas=-1i,light=-1i,status=2i,temp=-999," + position
	}
	wave := func(middle, height float64) float64 { return middle + height*math.Sin(float64(n+400*seed)/250) }
	temp, light, status := math.Round(wave(24, 4)*100)/100, int(wave(554, 120)), 0
	if n%97 == 13 || s.disconnected > 0 && at.After(end.Add(-s.disconnected)) {
		temp, status = -999, 1
	}
	if n%131 == 7 {
		light, status = -1, 1
	}
	fields := fmt.Sprintf("alcohol_gas=%di,co_gas=%di,light=%di,status=%di,temp=%g,%s", int(wave(9, 3)), int(wave(117, 12)), light, status, temp, position)
	if n%50 == 3 { // dust has no error value
		return fields
	}
	return fields + fmt.Sprintf(",dust=%g", math.Round(wave(0.08, 0.05)*1000)/1000)
}

// health returns the health that the agent sent, once a minute.
func (s station) health(seed int) []string {
	var lines []string
	for at := begin; at.Before(end.Add(-s.away)); at = at.Add(time.Minute) {
		lines = append(lines, fmt.Sprintf("kafka_sites_agent,topic=%s_%s_%s,%s %s %d", s.site, s.index, s.kind, s.tags(), s.counters(seed, at), at.UnixNano()))
	}
	return lines
}

func (s station) counters(seed int, at time.Time) string {
	minutes := int(at.Sub(begin).Minutes())
	if seed == 1 && minutes >= 200 { // its agent restarted
		minutes -= 200
	}
	const limit = 1_000_000_000
	used := limit/1000*(5+minutes%7) + seed
	if s.filling > 0 && at.After(end.Add(-s.filling)) {
		used = limit / 100 * 92
	}
	counter := func(each int) int { return (minutes + 7*seed) / each }
	parked := 0
	if s.filling > 0 {
		parked = counter(150)
	}
	return integers(
		"uptime", 60*minutes, "memory", 58_000_000+100_000*(minutes%40)+seed, "written", 6*minutes, "sent_again", counter(120), "rejected", parked,
		"dropped", 0, "damaged", 0, "outbox_records", used/100_000, "outbox_bytes", used, "outbox_limit", limit, "parked", parked,
		"lines", 6*minutes+counter(9), "readings", 6*minutes, "sensing_errors", counter(15), "silences", counter(100), "lines_lost", counter(40),
		"board_resets", counter(150), "port_opens", 1+counter(150),
		"rejected_checksum", counter(9+seed), "rejected_syntax", counter(30), "rejected_schema", counter(70), "rejected_overlong", 0,
		"rejected_encoding", counter(50), "rejected_fused", counter(90), "rejected_device", 0, "rejected_empty", counter(110),
	)
}

func (t topic) lines() []string {
	var lines []string
	for at := t.from; at.Before(end); at = at.Add(30 * time.Second) {
		newest := 1000 + 6*t.stations*int(at.Sub(begin).Minutes())
		age := 0.4 + float64(at.Minute()*7%10)/4 + max(0, t.away-end.Sub(at)).Seconds()
		lines = append(lines, fmt.Sprintf("kafka_sites_topic,topic=%[1]s_%[2]s_%[3]s,group=telegraf-station,index=%[2]s,site=%[1]s,type=%[3]s newest_age=%[4]g,%[5]s %[6]d",
			t.site, t.index, t.kind, age,
			integers("newest_offset", newest, "group_offset", newest-t.lag(at), "lag", t.lag(at), "stations", t.stations, "lost", t.lost(at), "given_up", 0),
			at.UnixNano()))
	}
	return lines
}

// integers returns fields in line protocol from alternating names and ints.
func integers(namesAndValues ...any) string {
	var fields []string
	for pair := range slices.Chunk(namesAndValues, 2) {
		fields = append(fields, fmt.Sprintf("%v=%di", pair...))
	}
	return strings.Join(fields, ",")
}
