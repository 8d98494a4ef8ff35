// Package kafka_site writes the records of stations to one Kafka topic a site.
//
// A metric's way: record.go (topic, key, headers, value) -> ledger.go (what became of it) -> sender.go (Kafka);
// topics.go creates what is missing.
package kafka_site

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/selfstat"
)

//go:embed sample.conf
var sampleConfig string

// closeTimeout bounds Close, whatever Kafka does.
const closeTimeout = 5 * time.Second

// KafkaSite delivers each metric as one JSON record, in the order of its device.
type KafkaSite struct {
	Brokers           []string        `toml:"brokers"`
	Topic             string          `toml:"topic"`
	CreateTopics      bool            `toml:"create_topics"`
	Partitions        int32           `toml:"partitions"`
	ReplicationFactor int16           `toml:"replication_factor"`
	Schema            string          `toml:"schema"`
	UnknownFields     string          `toml:"unknown_fields"`
	MaxMessageBytes   config.Size     `toml:"max_message_bytes"`
	WriteTimeout      config.Duration `toml:"write_timeout"`
	kafka.Config

	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"`

	records *recordMaker
	ledger  *ledger
	sender  *sender
	// attempt gets the answer of the delivery that is under way; it may outlive the Write that began it.
	attempt chan error
}

// SampleConfig returns the commented configuration.
func (*KafkaSite) SampleConfig() string { return sampleConfig }

// Init checks the options; it touches no network.
func (k *KafkaSite) Init() error {
	var err error
	if err = k.checkOptions(); err != nil {
		return err
	}
	if k.records, err = newRecordMaker(k.Topic, k.Schema, k.UnknownFields, k.Log); err != nil {
		return err
	}
	settings, err := k.clientConfig()
	if err != nil {
		return err
	}
	k.ledger = newLedger()
	k.sender = &sender{
		brokers: k.Brokers, config: settings, epoch: newEpoch(time.Now()),
		topics:   &topics{create: k.CreateTopics, partitions: k.Partitions, replicationFactor: k.ReplicationFactor, log: k.Log},
		log:      k.Log,
		counters: newCounters(k.Statistics),
	}
	return nil
}

// Connect does nothing: an error from it would end the whole agent, and Write connects by itself, again whenever that is needed.
func (*KafkaSite) Connect() error { return nil }

// Write returns nil when every metric is acknowledged by all in-sync replicas or, with its reason logged and counted, given up.
// Otherwise it returns an error within write_timeout, and Telegraf hands the same metrics over again later.
func (k *KafkaSite) Write(metrics []telegraf.Metric) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(k.WriteTimeout))
	defer cancel()
	failed := errors.New("no answer from Kafka yet")
	for {
		if k.attempt != nil { // of an earlier Write
			if _, err := k.await(ctx, failed); err != nil {
				return err
			}
		}
		k.attempt = make(chan error, 1)
		go func(done chan<- error) { done <- k.deliver(metrics) }(k.attempt)
		answer, err := k.await(ctx, failed)
		if err != nil {
			return err
		}
		if answer == nil {
			k.ledger.clear()
			return nil
		}
		failed = answer
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
			return failed
		}
	}
}

// retryPause lies between two attempts of one Write.
const retryPause = 250 * time.Millisecond

// await returns the running attempt's answer, or an error if ctx ends first; the attempt then goes on,
// and the next Write waits for it: nothing is sent twice at once and no device's order changes.
func (k *KafkaSite) await(ctx context.Context, failed error) (answer, err error) {
	select {
	case answer = <-k.attempt:
		k.attempt = nil
		return answer, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("not acknowledged within write_timeout (%s): %w", time.Duration(k.WriteTimeout), failed)
	}
}

// deliver sends those of the metrics that are not settled yet.
func (k *KafkaSite) deliver(metrics []telegraf.Metric) error {
	var waiting []*record
	for _, record := range k.ledger.enter(k.records.records(metrics)) {
		switch {
		case record.settled:
		case record.unfit != nil:
			k.sender.giveUp(record, record.unfit)
		default:
			waiting = append(waiting, record)
		}
	}
	defer k.sender.countReasons()
	return k.sender.send(waiting)
}

// Close ends the connections, within a bounded time whatever Kafka does; what is under way fails.
func (k *KafkaSite) Close() error {
	err := k.sender.disconnect()
	if k.attempt != nil {
		select {
		case <-k.attempt: //nolint:errcheck // it fails because of disconnect, and its Write has said what is not written
			k.attempt = nil
		case <-time.After(closeTimeout):
			return errors.Join(err, fmt.Errorf("a delivery did not end within %s and is left to the end of the process", closeTimeout))
		}
	}
	return errors.Join(err, k.sender.close())
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
			MaxMessageBytes:   1_000_000,
			WriteTimeout:      config.Duration(8 * time.Second),
			Config:            kafka.Config{Version: "2.8.0", ClientID: "telegraf-station", CompressionCodec: snappy},
		}
	})
}
