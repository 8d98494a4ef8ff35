// Package faults causes the faults that happen to stations, networks, brokers, and disks, and checks what arrived with stationctl audit.
package faults

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
	"github.com/telegraf-station/telegraf-station/test/bed/output"
)

// Station is an output with an outbox, run the way Telegraf runs it, and a device that reads.
type Station struct {
	Site, Device, Dir string
	Brokers           []string
	// Change sets other options; it can be nil.
	Change func(*kafka_site.KafkaSite)
	// Log gets the messages of the output; nil: Telegraf's log.
	Log telegraf.Logger

	output *output.Output
	// accepted is how many readings the output has accepted: they are on disk and synced, or parked.
	accepted int
}

// Topic returns the topic of the records.
func (s *Station) Topic() string { return s.Site + "_1_rasp" }

// Outbox returns the outbox directory.
func (s *Station) Outbox() string { return filepath.Join(s.Dir, "outbox") }

// flushInterval is that of the shipped configuration.
const flushInterval = time.Second

// Start starts the output; it can be started again after Stop.
func (s *Station) Start() error {
	plugin, ok := outputs.Outputs["kafka_site"]().(*kafka_site.KafkaSite)
	if !ok {
		return errors.New("outputs.kafka_site has another type")
	}
	plugin.Brokers, plugin.Outbox = s.Brokers, s.Outbox()
	if s.Change != nil {
		s.Change(plugin)
	}
	var err error
	s.output, err = output.Start("kafka_site", plugin, flushInterval, func() {
		if s.Log != nil {
			plugin.Log = s.Log
		}
		plugin.Statistics = selfstat.NewCollector(map[string]string{"outbox": s.Outbox()})
	})
	return err
}

// Stop closes the output; what is pending stays on disk.
func (s *Station) Stop() { s.output.Close() }

// Read delivers n current readings to the output, one by one.
func (s *Station) Read(n int) error {
	for range n {
		if err := s.Deliver(s.Reading(s.accepted, time.Now())); err != nil {
			return err
		}
	}
	return nil
}

// acceptTimeout is longer than the output needs for any fault that it can survive without dropping readings.
const acceptTimeout = 2 * time.Minute

// Deliver adds metrics to the output and waits until it has accepted all of them.
func (s *Station) Deliver(metrics ...telegraf.Metric) error {
	if err := s.output.Deliver(acceptTimeout, metrics...); err != nil {
		return fmt.Errorf("reading %d: %w", s.accepted, err)
	}
	s.accepted += len(metrics)
	return nil
}

// Reading returns the i-th reading.
func (s *Station) Reading(i int, at time.Time) telegraf.Metric {
	tags := map[string]string{"device_id": s.Device, "site": s.Site, "index": "1", "type": "rasp"}
	fields := map[string]any{
		"status": int64(0), "lat": 35.17959, "lon": 126.90822, "alcohol_gas": int64(9), "co_gas": int64(117), "temp": 26.52,
		"light": int64(i % 1024), "dust": 0.05,
	}
	return metric.New("environment", tags, fields, at)
}
