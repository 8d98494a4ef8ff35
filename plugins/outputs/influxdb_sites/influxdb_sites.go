// Package influxdb_sites writes the points of all sites into InfluxDB 2 in the centre, and drops none of them because of InfluxDB's state.
//
// It is Telegraf's own influxdb_v2, with one thing changed: what happens when InfluxDB refuses a batch. The stock plugin drops the whole
// batch, for a missing bucket (404) and for one bad point (400, 422) alike, and Kafka then counts the records as delivered.
package influxdb_sites

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/plugins/outputs/influxdb_v2"
	"github.com/influxdata/telegraf/selfstat"
)

//go:embed sample.conf
var sampleConfig string

// InfluxDBSites has the options of influxdb_v2.
type InfluxDBSites struct {
	influxdb_v2.InfluxDB
	Statistics *selfstat.Collector `toml:"-"`

	log     telegraf.Logger
	refused selfstat.Stat
}

// SampleConfig returns the commented configuration.
func (*InfluxDBSites) SampleConfig() string { return sampleConfig }

// Init checks the options; it touches no network.
func (i *InfluxDBSites) Init() error {
	if i.Bucket == "" && i.BucketTag == "" {
		return errors.New(`option "bucket" is missing: it says where the points go, e.g. bucket = "station"`)
	}
	i.refused = i.Statistics.Register("influxdb_sites", "points_refused", map[string]string{})
	i.log = i.Log
	// The stock plugin logs each failure, some as "will be dropped", and returns it besides: who gets it logs it, too.
	i.Log = quiet{i.log}
	return i.InfluxDB.Init()
}

// quiet is a log whose errors are somebody else's.
type quiet struct{ telegraf.Logger }

func (q quiet) Error(args ...any) { q.Debug(args...) }

func (q quiet) Errorf(format string, args ...any) { q.Debugf(format, args...) }

// Write returns nil when InfluxDB has the points, but for those that it refuses for what they are: these are logged and counted.
// After an error Telegraf keeps all of them; points that were written already are written again, as the same points.
func (i *InfluxDBSites) Write(metrics []telegraf.Metric) error {
	var refused []refusal
	err := i.write(metrics, &refused)
	i.report(refused)
	return err
}

// refusal is a point that InfluxDB does not take.
type refusal struct {
	metric telegraf.Metric
	reason string
}

func (i *InfluxDBSites) write(metrics []telegraf.Metric, refused *[]refusal) error {
	err := i.InfluxDB.Write(metrics)
	switch {
	case err == nil:
		return nil
	case !refusesPoints(err):
		return kept(err)
	case len(metrics) == 1:
		*refused = append(*refused, refusal{metrics[0], err.Error()})
		return nil
	}
	// InfluxDB tells of one bad point in a batch, and not which: alone it shows.
	middle := len(metrics) / 2
	if err := i.write(metrics[:middle], refused); err != nil {
		return err
	}
	return i.write(metrics[middle:], refused)
}

// forPoints is the stock plugin's text for a batch that is refused for its points: malformed (400), of another type than the field has or
// older than the bucket keeps (422), not acceptable (406), or too large even alone (413). InfluxDB says why in JSON, which comes last in
// the text; a proxy's or another server's 400 has no such reason. The error has no type that could be looked at; that the text is as it
// was, a test with each status shows.
var forPoints = regexp.MustCompile(`will be dropped: (400|406|422) [^)]*\): .|^413 `)

func refusesPoints(err error) bool { return forPoints.MatchString(err.Error()) }

// kept is an error without the type by which the stock plugin tells Telegraf to drop the batch.
func kept(err error) error {
	text := strings.ReplaceAll(err.Error(), "will be dropped: ", "they are kept: ")
	if strings.Contains(text, "404 ") {
		text += `: create the bucket, or correct the options "bucket" and "organization"`
	}
	return errors.New(text)
}

// report logs the first refused point of a batch and counts all.
func (i *InfluxDBSites) report(refused []refusal) {
	if len(refused) == 0 {
		return
	}
	i.refused.Incr(int64(len(refused)))
	first := refused[0]
	i.log.Errorf("InfluxDB refuses a point for good: %s: %s", strings.ReplaceAll(first.reason, "will be dropped: ", ""), describe(first.metric))
	if more := len(refused) - 1; more > 0 {
		i.log.Errorf("%d more points of the batch are refused", more)
	}
}

func describe(m telegraf.Metric) string {
	return fmt.Sprintf("measurement %q, tags %v, time %s", m.Name(), m.Tags(), m.Time().UTC().Format(time.RFC3339Nano))
}

func init() {
	outputs.Add("influxdb_sites", func() telegraf.Output {
		return &InfluxDBSites{InfluxDB: influxdb_v2.InfluxDB{Timeout: config.Duration(5 * time.Second)}}
	})
}
