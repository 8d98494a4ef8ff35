package kafka_site

import (
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

//go:embed sample.conf
var sampleConfig string

// KafkaSite delivers each metric as one JSON record, in order for each device.
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
	// MetricBufferLimit is Telegraf's own option, as set in the section of this output.
	MetricBufferLimit int `toml:"metric_buffer_limit"`
	kafka.Config

	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"`

	buffer   *buffer
	records  *recordBuilder // safe for concurrent use
	outbox   *outbox.Outbox
	sender   *sender
	counters *counters
	// rejections logs the records that can never be written, by their reason.
	rejections *logonce.Log
	// incidents logs what the outbox survives and what it replays.
	incidents *logonce.Log
	// outboxFailure has the failed attempts to use the outbox, which is opened again at openAt.
	outboxFailure logonce.Failure
	openAt        time.Time
	// savedInMemory is true while records of a failed batch are in memory only.
	savedInMemory bool
	closed        bool

	// tickInterval is how often to do what no event triggers, reopenInterval the time between two attempts to open the outbox.
	tickInterval, reopenInterval time.Duration
	requestTimeout, lateAnswer   time.Duration    // see defaultRequestTimeout and defaultLateAnswer
	clock                        func() time.Time // of the sender; nil: the system's
}

// SampleConfig returns the commented configuration.
func (*KafkaSite) SampleConfig() string { return sampleConfig }

// Init checks the options. It uses neither the network nor the disk.
func (k *KafkaSite) Init() error {
	if err := k.checkOptions(); err != nil {
		return err
	}
	var err error
	if k.records, err = newRecordBuilder(k.Topic, k.Schema, k.UnknownFields, int(k.MaxMessageBytes), k.Log); err != nil {
		return err
	}
	settings, err := k.clientConfig()
	if err != nil {
		return err
	}
	k.rejections, k.incidents = logonce.New(k.Log, ""), logonce.New(k.Log, "")
	k.counters = newCounters(k.Statistics)
	k.buffer = newBuffer(k)
	k.outbox = outbox.New(outbox.Options{
		Dir: k.Outbox, MaxBytes: int64(k.OutboxMaxSize), MaxRecords: uint64(k.OutboxMaxRecords), //nolint:gosec // checked
		OnFull: outbox.OnFull(k.OnFull), NewEpoch: k.Outbox == "" || k.Durability == "on_failure", Report: k.report,
		MaxRecordBytes: int(k.MaxMessageBytes), Replay: k.replay, ReplayInterval: k.tickInterval,
	})
	k.sender = newSender(k, settings)
	return nil
}

// Connect opens the outbox and starts to send. It returns no error, because that would stop the whole agent: a broker or a disk that is not
// available is retried.
func (k *KafkaSite) Connect() error {
	if k.Outbox == "" {
		k.Log.Warnf(`No outbox is set: readings that Kafka has not acknowledged are in memory only (metric_buffer_limit); a power cut, a crash, ` +
			`or a restart while Kafka is unreachable loses them. Set outbox = "/var/lib/telegraf-station/outbox"`)
	}
	k.openOutbox()
	k.sender.start()
	go k.buffer.run()
	return nil
}

// Add takes a metric from Telegraf. While the disk lags, it waits, so that a fast input is slowed down and nothing is lost.
// It builds the record, in parallel to the goroutine that saves.
func (k *KafkaSite) Add(metric telegraf.Metric) {
	e := k.records.entry(metric)
	if _, tracked := metric.(telegraf.TrackingMetric); !tracked && e.unfit == nil {
		e.metric = nil // the record is enough, and takes a quarter of the memory
	}
	k.buffer.add(e)
}

// Push is called at every flush_interval: it retries what could not be saved. It returns nothing for Telegraf's own buffer.
func (k *KafkaSite) Push() []telegraf.Metric {
	signal(k.buffer.flush)
	return nil
}

// Reset does nothing.
func (*KafkaSite) Reset() {}

// Write is required by telegraf.Output. Telegraf calls it only with metrics that Push returned, and Push returns none. It returns an error
// instead of calling Add, which could not report when the metrics are safe.
func (*KafkaSite) Write(metrics []telegraf.Metric) error {
	if len(metrics) == 0 {
		return nil
	}
	return errors.New("outputs.kafka_site accepts metrics through Add only")
}

// tick updates the statistics and the log.
func (k *KafkaSite) tick() {
	k.counters.show(k.outbox.Stats())
	k.counters.buffered.Set(int64(k.buffer.size()))
	k.summarize(false)
}

func (k *KafkaSite) summarize(all bool) {
	k.rejections.Summarize(all)
	k.incidents.Summarize(all)
}

const (
	// closeTimeout limits how long Close takes, whatever Kafka and the disk do. Without an outbox, write_timeout comes on top.
	closeTimeout = 5 * time.Second
	// saveTimeout and answerTimeout are the parts of it in which the disk can save what is in memory, and answers in flight can arrive: what
	// they acknowledge is not sent again later. outboxTimeout is left for the disk at the end.
	saveTimeout, answerTimeout, outboxTimeout = 2 * time.Second, 2 * time.Second, 500 * time.Millisecond
)

// Close saves what is in memory and stops sending. What is not acknowledged stays on disk.
func (k *KafkaSite) Close() error {
	if k.closed || k.sender.stop == nil {
		return nil
	}
	k.closed = true
	defer k.summarize(true)
	deadline, save := time.Now().Add(closeTimeout), saveTimeout
	if k.Outbox == "" {
		deadline, save = deadline.Add(time.Duration(k.WriteTimeout)), save+time.Duration(k.WriteTimeout)
	}
	k.buffer.close(save)
	k.sender.close(deadline.Add(-outboxTimeout))
	return k.closeOutbox(deadline)
}

// closeOutbox leaves the outbox to the end of the process if its disk hangs.
func (k *KafkaSite) closeOutbox(deadline time.Time) error {
	closed := make(chan error, 1)
	go func() { closed <- k.outbox.Close() }()
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case err := <-closed:
		if err != nil {
			return fmt.Errorf("outbox %q: %w", k.Outbox, err)
		}
		return nil
	case <-timer.C:
		return fmt.Errorf("outbox %q: the disk does not respond; records that were synced are still there", k.Outbox)
	}
}

// snappy compresses a batch well enough and is light on an ARMv6 (the value is defined by sarama and Kafka).
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
			tickInterval:      10 * time.Second,
			reopenInterval:    5 * time.Second, // so that each flush, by default every 10 s, tries it
			requestTimeout:    defaultRequestTimeout,
			lateAnswer:        defaultLateAnswer,
			Config:            kafka.Config{Version: "2.8.0", ClientID: "telegraf-station", CompressionCodec: snappy},
		}
	})
}
