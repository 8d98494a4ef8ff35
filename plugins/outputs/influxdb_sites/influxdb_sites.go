// Package influxdb_sites writes the points of all sites into InfluxDB 2 in the central Telegraf, and drops none of them because of InfluxDB's state.
//
// It is Telegraf's own influxdb_v2, with one thing changed: what happens when InfluxDB refuses a batch. The stock plugin drops the whole
// batch, for a missing bucket (404) and for one bad point (400, 422) alike, and Kafka then counts the records as delivered.
package influxdb_sites

import (
	_ "embed"
	"errors"
	"strings"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/plugins/outputs/influxdb_v2"
	"github.com/influxdata/telegraf/plugins/serializers/influx"
	"github.com/influxdata/telegraf/selfstat"
)

//go:embed sample.conf
var sampleConfig string

// InfluxDBSites has the options of influxdb_v2 and its own.
type InfluxDBSites struct {
	influxdb_v2.InfluxDB
	SourceTags []string            `toml:"source_tags"`
	Statistics *selfstat.Collector `toml:"-"`

	log     telegraf.Logger
	lines   influx.Serializer
	refused selfstat.Stat
}

// SampleConfig returns the commented configuration.
func (*InfluxDBSites) SampleConfig() string { return sampleConfig }

// Init checks the options; it touches no network.
func (i *InfluxDBSites) Init() error {
	if i.Bucket == "" && i.BucketTag == "" {
		return errors.New(`option "bucket" is missing: it says where the points go, e.g. bucket = "station"`)
	}
	if i.OmitTimestamp {
		return errors.New(`option "influx_omit_timestamp" must be false: a point that is written twice would be two points`)
	}
	if i.Limit > 0 {
		return errors.New(`option "rate_limit" is not for this plugin, which writes a batch as a whole: remove it, and set metric_batch_size`)
	}
	if err := i.lines.Init(); err != nil {
		return err
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
	attempt := attempt{output: i}
	err := attempt.write(i.points(metrics))
	if err == nil {
		err = attempt.verdict()
	}
	if err != nil {
		return kept(err)
	}
	i.report(attempt.refusals)
	return nil
}

// kept is an error without the type by which the stock plugin tells Telegraf to drop the batch.
func kept(err error) error {
	text := strings.ReplaceAll(err.Error(), "will be dropped: ", "they are kept: ")
	if strings.Contains(text, "404 ") {
		text += `: create the bucket, or correct the options "bucket" and "organization"`
	}
	return errors.New(text)
}

func init() {
	outputs.Add("influxdb_sites", func() telegraf.Output {
		// Longer than influxdb_v2's 5s: a batch for which InfluxDB needs longer would be written again and again.
		return &InfluxDBSites{InfluxDB: influxdb_v2.InfluxDB{Timeout: config.Duration(30 * time.Second)}}
	})
}
