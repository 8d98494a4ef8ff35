package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// runCentral has the central Telegraf read a backlog, which is larger than what it reads while it is sampled, and write it to a server that
// discards everything.
func runCentral(binary, pprof string, sample func() error) (err error) {
	brokers, err := kafka.StartEmbedded(kafka.EmbeddedOptions{})
	if err != nil {
		return err
	}
	defer brokers.Close()
	if err := fill(brokers); err != nil {
		return err
	}
	store := httptest.NewServer(http.HandlerFunc(take))
	defer store.Close()
	dir, err := os.MkdirTemp("", "bench-central-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	running, err := telegraf.Central{
		Brokers: brokers.Addresses(), URL: store.URL, Token: "unused", Org: "station", Bucket: "station", Arguments: []string{"--pprof-addr", pprof},
	}.Start(binary, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Stop(stopTime)) }()
	return sample()
}

// stopTime is the time for the central Telegraf to leave its group.
const stopTime = 20 * time.Second

func take(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.WriteHeader(http.StatusNoContent)
}

const (
	topic   = "JNU_1_rasp"
	backlog = 2_000_000
)

// fill writes records like those of outputs.kafka_site.
func fill(brokers *kafka.Embedded) (err error) {
	if err := brokers.Cluster().CreateTopic(topic, 1, nil); err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers.Addresses()...), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(kgo.SnappyCompression()))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx := context.Background()
	began := time.Now()
	for n := range backlog {
		client.Produce(ctx, &kgo.Record{
			Key: []byte("pi"), Value: fmt.Appendf(nil, `{"device_id":"pi","status":0,"time":%q,%s`, began.Add(time.Duration(n)*time.Millisecond).UTC().Format(time.RFC3339Nano), values(n)),
			Headers: []kgo.RecordHeader{{Key: record.HeaderEpoch, Value: []byte("0123456789abcdef")}, {Key: record.HeaderSeq, Value: fmt.Append(nil, n+1)}},
		}, func(_ *kgo.Record, failed error) {
			err = errors.Join(err, failed)
		})
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	log.Printf("%d records in %s", backlog, time.Since(began).Round(time.Second))
	return err
}
