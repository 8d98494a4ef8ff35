package main

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// config returns the settings of outputs.kafka_site: all replicas, idempotent, one request in flight, at most 500 records per batch.
func config() *sarama.Config {
	settings := sarama.NewConfig()
	settings.Version = sarama.V2_8_0_0
	settings.Metadata.Full = false
	settings.Metadata.AllowAutoTopicCreation = false
	settings.Net.MaxOpenRequests = 1
	settings.Producer.RequiredAcks = sarama.WaitForAll
	settings.Producer.Idempotent = true
	settings.Producer.Flush.MaxMessages = 500
	return settings
}

func produce(port, topic, device, brokers string) error {
	producer, err := sarama.NewAsyncProducer(strings.Split(brokers, ","), config())
	if err != nil {
		return err
	}
	go func() {
		for failed := range producer.Errors() {
			panic(failed)
		}
	}()
	return eachLine(port, func(line []byte) error {
		producer.Input() <- message(topic, device, line)
		return nil
	})
}

func send(port, topic, device, brokers, file string) (err error) {
	settings := config()
	settings.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(strings.Split(brokers, ","), settings)
	if err != nil {
		return err
	}
	lines, err := os.Create(file) //nolint:gosec // the caller's
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lines.Close()) }()
	return eachLine(port, func(line []byte) error {
		if _, err := lines.Write(line); err != nil {
			return err
		}
		if err := lines.Sync(); err != nil {
			return err
		}
		_, _, err := producer.SendMessage(message(topic, device, line))
		return err
	})
}

func eachLine(port string, do func(line []byte) error) error {
	file, err := os.Open(port) //nolint:gosec // the caller's
	if err != nil {
		return err
	}
	for reader := bufio.NewReader(file); ; {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if err := do(line); err != nil {
			return err
		}
	}
}

// message returns a record with the same bytes as ours, without parsing the reading.
func message(topic, device string, line []byte) *sarama.ProducerMessage {
	value := append(make([]byte, 0, 256), `{"device_id":"`+device+`","status":0,"time":"`...)
	value = append(time.Now().UTC().AppendFormat(value, time.RFC3339Nano), `",`...)
	value = append(value, strings.TrimRight(string(line[1:]), "\r\n")...)
	return &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(device), Value: sarama.ByteEncoder(value)}
}
