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
	// batch limits the due readings that are written together.
	batch = 1000
	// burst is what a site writes together at full speed; it is small, so that the cost per record does not depend on the number of sites.
	burst = 50
	// window limits the pending readings of a site in memory or at full speed.
	window = 2000
	// bufferLimit is for the buffer of Telegraf, which is allocated at startup and stays empty.
	bufferLimit = 1
)

// simulated is a running site.
type simulated struct {
	output  *models.RunningOutput
	plugin  *kafka_site.KafkaSite
	log     siteLog
	devices []*device
	durable bool
	counts  map[string]selfstat.Stat

	interval time.Duration
	start    time.Time
	due      int64 // readings since the start
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
	s.detachStatistics()
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

// firstLimit limits the wait for the first reading of a site before the next site starts.
const firstLimit = 15 * time.Second

// connect waits until the first reading is acknowledged: then the site has all its connections.
func (s *simulated) connect(ctx context.Context, claim func() bool) error {
	if err := s.output.Connect(); err != nil {
		return err
	}
	if !claim() {
		return nil
	}
	s.add(0, time.Now())
	s.write()
	s.drain(ctx, time.Now().Add(firstLimit))
	return nil
}

// run writes readings until ctx is canceled or claim returns false. The first reading is due one step after start.
func (s *simulated) run(ctx context.Context, start time.Time, claim func() bool) {
	s.start = start
	for s.wait(ctx) {
		now := time.Now()
		for range s.dueBy(now) {
			if !claim() {
				s.write()
				return
			}
			s.due++
			s.add(int(s.due)%len(s.devices), s.timeOf(now))
		}
		s.write()
	}
}

// wait waits until a reading is due and the window has room.
func (s *simulated) wait(ctx context.Context) bool {
	for ctx.Err() == nil {
		pause := 5 * time.Millisecond
		switch {
		case s.limited() && s.pending() >= window:
			s.write()
		case s.dueBy(time.Now()) > 0:
			return true
		default:
			pause = time.Until(s.start.Add(time.Duration(s.due+1) * s.step()))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return false
}

// limited reports whether the window applies: an outbox holds as many records as necessary.
func (s *simulated) limited() bool { return !s.durable || s.interval == 0 }

// step returns the time between two readings of the site.
func (s *simulated) step() time.Duration { return max(1, s.interval/time.Duration(len(s.devices))) }

// dueBy returns the number of due readings, at most a batch.
func (s *simulated) dueBy(now time.Time) int64 {
	if s.interval == 0 {
		return burst
	}
	return min(batch, max(0, int64(now.Sub(s.start)/s.step())-s.due))
}

// timeOf returns when the reading was due, even if it is late.
func (s *simulated) timeOf(now time.Time) time.Time {
	if s.interval == 0 {
		return now
	}
	return s.start.Add(time.Duration(s.due) * s.step())
}

func (s *simulated) add(device int, at time.Time) {
	s.output.AddMetricNoCopy(s.devices[device].reading(at))
	s.written.Add(1)
}

// write flushes, as Telegraf does; what cannot be written is retried.
func (s *simulated) write() {
	if err := s.output.Write(); err != nil {
		s.log.Error(err)
	}
}

// drain waits until no reading is pending.
func (s *simulated) drain(ctx context.Context, until time.Time) {
	for s.pending() > 0 && time.Now().Before(until) {
		s.write()
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// pending returns the number of pending readings; 0 if records of a previous run in the outbox were acknowledged as well.
func (s *simulated) pending() int64 {
	return max(0, s.written.Load()-s.count("records_written")-s.count("records_rejected")-s.count("records_dropped"))
}

// count returns a statistic of the plugin.
func (s *simulated) count(name string) int64 {
	if stat := s.counts[name]; stat != nil {
		return stat.Get()
	}
	return 0
}

// detachStatistics keeps the statistics, but removes them from the list of the process: the plugin scans that list under a lock for each
// device, which would need most of the CPU with a thousand stations.
func (s *simulated) detachStatistics() {
	s.counts = make(map[string]selfstat.Stat)
	for _, name := range []string{"records_written", "records_rejected", "records_dropped", "records_sent_again"} {
		s.counts[name] = s.plugin.Statistics.Get("kafka_site", name, map[string]string{})
	}
	s.plugin.Statistics.UnregisterAll()
}
