// Package kafka_site writes the records of stations to one Kafka topic a site.
//
// A metric's way: buffer.go (gathers what comes while the disk is busy) -> record.go (topic, device, value) -> write.go (to disk, or
// from memory) -> internal/outbox -> sender.go, which brings each topic's records (topicqueue.go) to its broker: connect.go, lookup.go (topics.go creates what is missing), send.go.
package kafka_site

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

//go:embed sample.conf
var sampleConfig string

// closeTimeout bounds how long the sender takes to stop, whatever Kafka does.
const closeTimeout = 5 * time.Second

// KafkaSite delivers each metric as one JSON record, in the order of its device.
type KafkaSite struct {
	Brokers           []string        `toml:"brokers"`
	Topic             string          `toml:"topic"`
	CreateTopics      bool            `toml:"create_topics"`
	Partitions        int32           `toml:"partitions"`
	ReplicationFactor int16           `toml:"replication_factor"`
	Outbox            string          `toml:"outbox"`
	Durability        string          `toml:"durability"`
	OutboxMaxSize     config.Size     `toml:"outbox_max_size"`
	OutboxMaxRecords  int64           `toml:"outbox_max_records"`
	OnFull            string          `toml:"on_full"`
	Schema            string          `toml:"schema"`
	UnknownFields     string          `toml:"unknown_fields"`
	MaxMessageBytes   config.Size     `toml:"max_message_bytes"`
	WriteTimeout      config.Duration `toml:"write_timeout"`
	// MetricBufferLimit is Telegraf's own option, as far as it stands in this output's section.
	MetricBufferLimit int `toml:"metric_buffer_limit"`
	kafka.Config

	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"`

	buffer   *buffer
	records  *recordMaker
	replayed *recordMaker // of parked metrics; for another goroutine
	outbox   *outbox.Outbox
	ledger   ledger
	sender   *sender
	counters *counters
	// disk is a trouble of the outbox; attachAt is when it is opened again.
	disk     trouble
	attachAt time.Time
	// holding says that a Write failed and left records in memory only.
	holding bool
	closed  bool
}

// SampleConfig returns the commented configuration.
func (*KafkaSite) SampleConfig() string { return sampleConfig }

// Init checks the options; it touches no network and no disk.
func (k *KafkaSite) Init() error {
	var err error
	if err = k.checkOptions(); err != nil {
		return err
	}
	if k.records, err = newRecordMaker(k.Topic, k.Schema, k.UnknownFields, int(k.MaxMessageBytes), k.Log); err != nil {
		return err
	}
	if k.replayed, err = newRecordMaker(k.Topic, k.Schema, k.UnknownFields, int(k.MaxMessageBytes), k.Log); err != nil {
		return err
	}
	settings, err := k.clientConfig()
	if err != nil {
		return err
	}
	k.counters = newCounters(k.Statistics)
	k.buffer = newBuffer(k)
	k.outbox = outbox.New(outbox.Options{
		Dir: k.Outbox, MaxBytes: int64(k.OutboxMaxSize), MaxRecords: uint64(k.OutboxMaxRecords), //nolint:gosec // checked
		OnFull: outbox.OnFull(k.OnFull), NewEpoch: k.Outbox == "" || k.Durability == "on_failure", Report: k.report,
	})
	k.sender = &sender{
		brokers: k.Brokers, config: settings, outbox: k.outbox, log: k.Log, counters: k.counters, now: time.Now, ticking: k.tick, agent: k.newAgent(),
		topics: &topics{create: k.CreateTopics, partitions: k.Partitions, replicationFactor: k.ReplicationFactor, log: k.Log},
	}
	return nil
}

func (k *KafkaSite) newAgent() *agent {
	a := &agent{counters: k.counters, outbox: k.outbox, started: time.Now(), maxBytes: int(k.MaxMessageBytes)}
	if k.Outbox != "" {
		a.limit = int64(k.OutboxMaxSize)
	}
	return a
}

// Connect opens the outbox and begins to send. An error from it would end the whole agent, so there is none: a broker or a disk
// that is missing now is waited for.
func (k *KafkaSite) Connect() error {
	if k.Outbox == "" {
		k.Log.Warnf(`No outbox is set: readings that Kafka has not acknowledged are in memory only (metric_buffer_limit), and a power ` +
			`cut, a crash or a restart while Kafka is away loses them. Set outbox = "/var/lib/telegraf-station/outbox"`)
	}
	k.attach()
	k.sender.start()
	go k.buffer.run()
	return nil
}

// attachPause lies between two attempts to open the outbox.
const attachPause = 10 * time.Second

// attach opens the outbox if it is set and not open, and nothing is in memory that would have to come after what is in it.
func (k *KafkaSite) attach() {
	now := time.Now()
	if k.Outbox == "" || k.outbox.IsOpen() || k.holding || now.Before(k.attachAt) {
		return
	}
	if err := k.outbox.Open(); err != nil {
		k.attachAt = now.Add(attachPause)
		k.disk.begin(k.Log, now, fmt.Errorf("%w: readings are kept in memory only until it can be used%s", err, advice(err, k.Outbox)))
		return
	}
	k.disk.end(k.Log, "The outbox is open")
	if kind := outbox.Volatile(k.Outbox); kind != "" {
		k.Log.Warnf(`The outbox %q is on a file system of kind %s: readings that wait there may be gone after a restart or a power cut. `+
			`Set outbox to a directory on a disk, or mount one there`, k.Outbox, kind)
	}
	if waiting := k.outbox.Stats().Pending; waiting > 0 {
		k.Log.Infof("%d records wait in the outbox %q", waiting, k.Outbox)
	}
}

// report logs and counts what the outbox survived.
func (k *KafkaSite) report(incident outbox.Incident) {
	counter := k.counters.damaged
	if incident.Dropped {
		counter = k.counters.dropped
	}
	counter.Incr(int64(incident.Records)) //nolint:gosec // a count of records
	if incident.Records == 0 {
		k.Log.Warnf("Outbox: %s", incident.Text)
		return
	}
	k.Log.Errorf("Outbox: %d record(s) are lost: %s", incident.Records, incident.Text)
}

// tick replays parked records that an operator asked for, and shows the figures.
func (k *KafkaSite) tick() {
	if err := k.outbox.DeliverReplays(k.replay); err != nil {
		k.Log.Errorf("Outbox: %v", err)
	}
	k.counters.show(k.outbox.Stats())
	k.counters.buffered.Set(int64(k.buffer.size()))
}

// Close has what is in memory written, which without an outbox takes up to write_timeout, and stops sending, within closeTimeout whatever
// Kafka does; what is not acknowledged stays on disk.
func (k *KafkaSite) Close() error {
	if k.closed || k.sender.stop == nil {
		return nil
	}
	k.buffer.close()
	k.closed = true
	close(k.sender.stop)
	<-k.sender.ended
	if err := k.outbox.Close(); err != nil {
		return fmt.Errorf("outbox %q: %w", k.Outbox, err)
	}
	return nil
}

// snappy compresses a batch well enough and is light on an ARMv6 (the value is sarama's and Kafka's own).
const snappy = 2

func init() {
	outputs.Add("kafka_site", func() telegraf.Output {
		return &KafkaSite{
			Topic:             "{site}_{index}_{type}",
			CreateTopics:      true,
			Partitions:        1,
			ReplicationFactor: 3,
			Durability:        "always",
			OutboxMaxSize:     1_000_000_000,
			OutboxMaxRecords:  5_000_000,
			OnFull:            "block",
			MaxMessageBytes:   1_000_000,
			WriteTimeout:      config.Duration(8 * time.Second),
			MetricBufferLimit: 10_000, // Telegraf's default
			Config:            kafka.Config{Version: "2.8.0", ClientID: "telegraf-station", CompressionCodec: snappy},
		}
	})
}
