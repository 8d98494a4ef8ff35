// Package influxdb_sites implements the Telegraf output of the central Telegraf, which writes the points of all sites to InfluxDB 2.
//
// It is Telegraf's influxdb_v2 with one change. When InfluxDB rejects a batch, the stock plugin drops it, for a missing bucket (404) as
// well as for one bad point (400, 422), and the input then counts its records as delivered. This plugin keeps the batch while the
// bucket is missing, and drops only the bad points: batch.go finds them, point.go describes them in the log. servers.go has the servers.
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

	"github.com/telegraf-station/telegraf-station/internal/logonce"
)

//go:embed sample.conf
var sampleConfig string

// InfluxDBSites has the options of influxdb_v2 and source_tags.
type InfluxDBSites struct {
	influxdb_v2.InfluxDB
	SourceTags []string            `toml:"source_tags"`
	Statistics *selfstat.Collector `toml:"-"`

	servers  []*influxdb_v2.InfluxDB // one for each URL
	once     *logonce.Log
	lines    influx.Serializer
	rejected selfstat.Stat
	reason   error // why the last Write failed
}

// SampleConfig returns the commented configuration.
func (*InfluxDBSites) SampleConfig() string { return sampleConfig }

// Init checks the options; it does not connect.
func (i *InfluxDBSites) Init() error {
	if i.Bucket == "" && i.BucketTag == "" {
		return errors.New(`option "bucket" is required, such as bucket = "station"`)
	}
	if i.OmitTimestamp {
		return errors.New(`option "influx_omit_timestamp" must be false, because a point that is written twice would become two points`)
	}
	if i.Limit > 0 {
		return errors.New(`option "rate_limit" is not supported; remove it, and set "metric_batch_size"`)
	}
	if err := i.lines.Init(); err != nil {
		return err
	}
	i.rejected = i.Statistics.Register("influxdb_sites", "points_refused", map[string]string{})
	i.once = logonce.New(i.Log, "")
	i.Log = quietLogger{i.Log}
	var err error
	i.servers, err = i.newServers()
	return err
}

// quietLogger demotes the errors that the stock plugin logs, some as "will be dropped": it also returns them, and Telegraf logs those.
type quietLogger struct{ telegraf.Logger }

func (q quietLogger) Error(args ...any) { q.Debug(args...) }

func (q quietLogger) Errorf(format string, args ...any) { q.Debugf(format, args...) }

// Write returns nil when InfluxDB has all points except those that it rejects, which are logged and counted. After an error, Telegraf
// keeps all of them; a point that is written again replaces itself.
func (i *InfluxDBSites) Write(metrics []telegraf.Metric) error {
	points := i.points(metrics)
	var err error
	for _, server := range i.inRandomOrder() {
		b := batch{output: i, server: server}
		if err = b.writeAll(points); err == nil {
			i.report(b.rejected)
			return nil
		}
	}
	return pending(i.withReason(err))
}

// withReason returns the last error of a server instead of the stock plugin's answer while it waits for as long as the server asked for.
func (i *InfluxDBSites) withReason(err error) error {
	if strings.Contains(err.Error(), "failed to send metrics to any configured server") && i.reason != nil {
		return i.reason
	}
	i.reason = err
	return err
}

// pending returns err without the type that makes Telegraf drop the batch.
func pending(err error) error {
	text := strings.ReplaceAll(err.Error(), "will be dropped: ", "will be retried: ")
	text = strings.TrimSuffix(text, ": : ") // an answer without a code, as from InfluxDB 1.8: the stock plugin does not keep its text
	if strings.Contains(text, "404 ") {
		text += `; create the bucket, or correct the options "bucket" and "organization"`
	}
	return errors.New(text)
}

func init() {
	outputs.Add("influxdb_sites", func() telegraf.Output {
		// Longer than the 5s of influxdb_v2: a batch that takes InfluxDB longer would be retried indefinitely.
		return &InfluxDBSites{InfluxDB: influxdb_v2.InfluxDB{Timeout: config.Duration(30 * time.Second)}}
	})
}
