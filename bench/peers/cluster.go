package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// cluster has the brokers of all rounds.
type cluster struct {
	*kafka.Real
	admin sarama.ClusterAdmin
}

func startCluster(ctx context.Context, dir string) (cluster, error) {
	// With the optimizing compiler, unlike in tests.
	brokers, err := kafka.StartReal(ctx, kafka.Options{Dir: filepath.Join(dir, "kafka"), Java: []string{"-XX:TieredStopAtLevel=4"}, Log: os.Stderr})
	if err != nil {
		return cluster{}, err
	}
	config := sarama.NewConfig()
	config.Version = sarama.V2_8_0_0
	admin, err := sarama.NewClusterAdmin(brokers.Addresses(), config)
	if err != nil {
		return cluster{}, errors.Join(err, brokers.Close())
	}
	return cluster{brokers, admin}, nil
}

// create creates a topic like outputs.kafka_site.
func (c cluster) create(topic string) error {
	stamped := "LogAppendTime"
	return c.admin.CreateTopic(topic, &sarama.TopicDetail{
		NumPartitions: 1, ReplicationFactor: 3, ConfigEntries: map[string]*string{"message.timestamp.type": &stamped},
	}, false)
}

func (c cluster) delete(topic string) error { return c.admin.DeleteTopic(topic) }

func (c cluster) close() error { return errors.Join(c.admin.Close(), c.Close()) }

// producer returns a client that writes records like a station, but without waiting for each acknowledgement.
func (c cluster) producer(topic string) (*kgo.Client, error) {
	return kgo.NewClient(
		kgo.SeedBrokers(c.Addresses()...), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.MaxBufferedRecords(100_000),
	)
}
