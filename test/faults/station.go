// Package faults does to stations, networks, brokers and disks what happens to them, and judges what arrived by stationctl's audit.
package faults

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// Station is an output with an outbox and a device that reads.
type Station struct {
	Site, Device, Dir string
	Brokers           []string
	// Change sets other options; nil: none.
	Change func(*kafka_site.KafkaSite)
	// Log gets what the output says; nil: nobody.
	Log telegraf.Logger

	output *kafka_site.KafkaSite
	// accepted is how many readings Write has returned nil for.
	accepted int
}

// Topic is where its records go.
func (s *Station) Topic() string { return s.Site + "_1_rasp" }

// Outbox is its directory.
func (s *Station) Outbox() string { return filepath.Join(s.Dir, "outbox") }

// Start begins to send, and Stop ends it; it may be started again.
func (s *Station) Start() error {
	s.output = outputs.Outputs["kafka_site"]().(*kafka_site.KafkaSite)
	s.output.Brokers, s.output.Outbox = s.Brokers, s.Outbox()
	s.output.Log = s.Log
	if s.Log == nil {
		s.output.Log = logger.New("outputs", "kafka_site", "")
	}
	s.output.Statistics = selfstat.NewCollector(map[string]string{"outbox": s.Outbox()})
	if s.Change != nil {
		s.Change(s.output)
	}
	if err := s.output.Init(); err != nil {
		return err
	}
	return s.output.Connect()
}

// Stop ends sending; the rest stays on disk.
func (s *Station) Stop() error { return s.output.Close() }

// Read hands n readings of now to the output, one by one, as the Pi's configuration does.
func (s *Station) Read(n int) error {
	for range n {
		if err := s.Write(s.Reading(s.accepted, time.Now())); err != nil {
			return err
		}
	}
	return nil
}

// Write hands metrics to the output at once.
func (s *Station) Write(metrics ...telegraf.Metric) error {
	if err := s.output.Write(metrics); err != nil {
		return fmt.Errorf("reading %d is not accepted: %w", s.accepted, err)
	}
	s.accepted += len(metrics)
	return nil
}

// Reading is the i-th.
func (s *Station) Reading(i int, at time.Time) telegraf.Metric {
	tags := map[string]string{"device_id": s.Device, "site": s.Site, "index": "1", "type": "rasp"}
	fields := map[string]any{
		"status": int64(0), "lat": 35.17959, "lon": 126.90822, "alcohol_gas": int64(9), "co_gas": int64(117), "temp": 26.52,
		"light": int64(i % 1024), "dust": 0.05,
	}
	return metric.New("environment", tags, fields, at)
}
