package simulate

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// device is a station.
type device struct {
	tags     map[string]string
	lat, lon float64
	random   *rand.Rand
	temp     float64
	last     time.Time
}

func newDevice(name site.Name, i int) *device {
	random := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // not a secret
	return &device{
		tags:   map[string]string{"device_id": "station" + strconv.Itoa(i+1), "site": name.Site, "index": name.Index, "type": name.Type},
		lat:    round(35+random.Float64(), 5),
		lon:    round(126+random.Float64(), 5),
		random: random, temp: 15,
	}
}

// reading returns a reading of the schema "environment". Its millisecond is unique: otherwise, two readings would be one point.
func (d *device) reading(at time.Time) telegraf.Metric {
	at = at.Truncate(time.Millisecond)
	if !at.After(d.last) {
		at = d.last.Add(time.Millisecond)
	}
	d.last = at
	d.temp = min(45, max(-20, d.temp+d.random.Float64()-0.5))
	fields := map[string]any{
		"status": int64(0), "lat": d.lat, "lon": d.lon, "alcohol_gas": 100 + d.random.Int64N(50), "co_gas": 80 + d.random.Int64N(30),
		"temp": round(d.temp, 1), "light": d.random.Int64N(1024), "dust": round(20+10*d.random.Float64(), 2),
	}
	return metric.New("environment", d.tags, fields, at)
}

func round(value float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(value*scale) / scale
}
