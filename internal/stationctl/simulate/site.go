package simulate

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/influxdata/telegraf/models"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

const (
	// batch is how many readings that are due are written at once, at most.
	batch = 1000
	// burst is what a site writes at once at full speed: few, so that a record costs the same request, whether ten sites write or thousands.
	burst = 50
	// window is how many readings of a site are under way at most, where they wait in memory or go at full speed.
	window = 2000
	// bufferLimit is of Telegraf's own buffer, which takes its memory at once, and which the plugin leaves empty.
	bufferLimit = 1
)

// simulated is a site at work.
type simulated struct {
	output  *models.RunningOutput
	plugin  *kafka_site.KafkaSite
	log     siteLog
	devices []*device
	durable bool
	counts  map[string]selfstat.Stat

	interval time.Duration
	begun    time.Time
	due      int64 // readings since begun
	written  atomic.Int64
}

func newSimulated(o Options, i int, log siteLog) (*simulated, error) {
	name, err := o.name(i)
	if err != nil {
		return nil, err
	}
	plugin, ok := outputs.Outputs["kafka_site"]().(*kafka_site.KafkaSite)
	if !ok {
		return nil, fmt.Errorf("outputs.kafka_site is a %T", plugin)
	}
	o.configure(plugin, name)
	output, err := models.NewRunningOutput(plugin, &models.OutputConfig{Name: "kafka_site"}, batch, bufferLimit)
	if err != nil {
		return nil, err
	}
	plugin.Log, plugin.Statistics = log, selfstat.NewCollector(map[string]string{"topic": name.Topic()})
	s := &simulated{output: output, plugin: plugin, log: log, durable: o.Outbox != "", interval: o.Interval}
	for d := range o.devices(i) {
		s.devices = append(s.devices, newDevice(name, d))
	}
	err = output.Init()
	s.takeCounts()
	return s, err
}

func (o Options) configure(plugin *kafka_site.KafkaSite, name site.Name) {
	plugin.Brokers, plugin.ReplicationFactor, plugin.CreateTopics = o.Brokers, o.Replication, false
	if o.Outbox != "" {
		plugin.Outbox = filepath.Join(o.Outbox, name.Topic())
	}
	version, id, codec := plugin.Version, plugin.ClientID, plugin.CompressionCodec
	plugin.Config = o.Kafka
	plugin.Version, plugin.ClientID, plugin.CompressionCodec = version, id, codec
}

// firstPatience is how long a site's first reading may take before the next site begins.
const firstPatience = 15 * time.Second

// connect has the first reading acknowledged: then the site has all its connections.
func (s *simulated) connect(ctx context.Context, take func() bool) error {
	if err := s.output.Connect(); err != nil {
		return err
	}
	if !take() {
		return nil
	}
	s.add(0, time.Now())
	s.write()
	s.drain(ctx, time.Now().Add(firstPatience))
	return nil
}

// run has readings until the context ends or take gives none. The first is due a step after begin.
func (s *simulated) run(ctx context.Context, begin time.Time, take func() bool) {
	s.begun = begin
	for s.wait(ctx) {
		now := time.Now()
		for range s.dueBy(now) {
			if !take() {
				s.write()
				return
			}
			s.due++
			s.add(int(s.due)%len(s.devices), s.timeOf(now))
		}
		s.write()
	}
}

// wait returns when a reading is due and there is room for it.
func (s *simulated) wait(ctx context.Context) bool {
	for ctx.Err() == nil {
		pause := 5 * time.Millisecond
		switch {
		case s.bounded() && s.waiting() >= window:
			s.write()
		case s.dueBy(time.Now()) > 0:
			return true
		default:
			pause = time.Until(s.begun.Add(time.Duration(s.due+1) * s.step()))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return false
}

// bounded says that readings wait in memory: on disk they wait for as long as they must.
func (s *simulated) bounded() bool { return !s.durable || s.interval == 0 }

// step lies between two readings of the site.
func (s *simulated) step() time.Duration { return max(1, s.interval/time.Duration(len(s.devices))) }

// dueBy is how many readings are due, at most a batch.
func (s *simulated) dueBy(now time.Time) int64 {
	if s.interval == 0 {
		return burst
	}
	return min(batch, max(0, int64(now.Sub(s.begun)/s.step())-s.due))
}

// timeOf is when the reading was due, also where it is late.
func (s *simulated) timeOf(now time.Time) time.Time {
	if s.interval == 0 {
		return now
	}
	return s.begun.Add(time.Duration(s.due) * s.step())
}

func (s *simulated) add(device int, at time.Time) {
	s.output.AddMetricNoCopy(s.devices[device].reading(at))
	s.written.Add(1)
}

// write is Telegraf's flush: what could not be written is tried again.
func (s *simulated) write() {
	if err := s.output.Write(); err != nil {
		s.log.Error(err)
	}
}

// drain waits until all is acknowledged.
func (s *simulated) drain(ctx context.Context, until time.Time) {
	for s.waiting() > 0 && time.Now().Before(until) {
		s.write()
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// waiting is how many readings are under way. Those of an earlier run, which were in the outbox, are acknowledged too.
func (s *simulated) waiting() int64 {
	return max(0, s.written.Load()-s.count("records_written")-s.count("records_rejected")-s.count("records_dropped"))
}

// count is one of the plugin's own statistics.
func (s *simulated) count(name string) int64 {
	if stat := s.counts[name]; stat != nil {
		return stat.Get()
	}
	return 0
}

// takeCounts keeps the statistics, and takes them out of the process's list: the plugin goes through that list, under a lock, for each
// device, which is nothing with one station's statistics, and most of the CPU with those of a thousand.
func (s *simulated) takeCounts() {
	s.counts = make(map[string]selfstat.Stat)
	for _, name := range []string{"records_written", "records_rejected", "records_dropped", "records_sent_again"} {
		s.counts[name] = s.plugin.Statistics.Get("kafka_site", name, map[string]string{})
	}
	s.plugin.Statistics.UnregisterAll()
}
