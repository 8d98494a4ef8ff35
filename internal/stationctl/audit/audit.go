// Package audit reads the topics of sites from their beginning to their end, and reports what was lost, repeated, or delivered out of order, by
// the headers in internal/record, and whether InfluxDB has each reading.
//
// connect.go connects, partition.go reads a partition, entry.go decodes a record, series.go tracks the numbers of a device, store.go compares
// with InfluxDB, and report.go is the result.
//
// Memory: a few ranges per device and epoch, 65,536 hashes per device (8 MB), and with InfluxDB eight bytes per reading of the topics that are
// being read (up to sixteen).
package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// Options select what to audit.
type Options struct {
	Brokers []string
	// Config has the settings of the connection; nil for the default.
	Config *sarama.Config
	// Topics are the names, or Pattern matches them; without both, DefaultPattern does.
	Topics  []string
	Pattern *regexp.Regexp
	// Store should have the points; nil to skip the comparison.
	Store Store
}

// DefaultPattern matches the topics of sites: three parts with _ between them.
const DefaultPattern = `^[^_]+_[^_]+_[^_]+$`

// parallel is the number of topics that are read concurrently: most of the time is spent waiting for Kafka (300 topics of 10 records take
// 7.6 s with 4, and 2.0 s with 16).
const parallel = 16

// Run audits the present content of the topics. An error means that something could not be read; lost records are not an error. The report
// that accompanies an error, if any, has the topics that could be read.
func Run(ctx context.Context, options Options) (*Report, error) {
	client, end, err := Connect(ctx, options.Brokers, options.Config)
	if err != nil {
		return nil, err
	}
	defer end()
	names, err := findTopics(client, options)
	if err != nil {
		return nil, err
	}
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return nil, fmt.Errorf("cannot read from Kafka: %w", err)
	}
	defer consumer.Close() //nolint:errcheck // it was only read
	a := &auditor{client: client, consumer: consumer, store: options.Store}
	topics, err := a.all(ctx, names)
	if len(topics) == 0 {
		return nil, err
	}
	return &Report{Topics: topics, Store: options.Store != nil}, err
}

// findTopics returns the named topics, or those that match.
func findTopics(client sarama.Client, options Options) ([]string, error) {
	if len(options.Topics) > 0 {
		return slices.Compact(slices.Sorted(slices.Values(options.Topics))), nil
	}
	pattern := options.Pattern
	if pattern == nil {
		pattern = regexp.MustCompile(DefaultPattern)
	}
	if err := client.RefreshMetadata(); err != nil {
		return nil, fmt.Errorf("cannot list the topics: %w", err)
	}
	all, err := client.Topics()
	if err != nil {
		return nil, fmt.Errorf("cannot list the topics: %w", err)
	}
	names := slices.DeleteFunc(all, func(name string) bool { return !pattern.MatchString(name) })
	if len(names) == 0 {
		return nil, fmt.Errorf("no topic matches %q", pattern)
	}
	slices.Sort(names)
	return names, nil
}

type auditor struct {
	client   sarama.Client
	consumer sarama.Consumer
	store    Store
}

// all audits the topics concurrently, and returns those that could be read, in order.
func (a *auditor) all(ctx context.Context, names []string) ([]Topic, error) {
	topics, errs := make([]Topic, len(names)), make([]error, len(names))
	var running sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i, name := range names {
		slots <- struct{}{}
		running.Go(func() {
			topics[i], errs[i] = a.topic(ctx, name)
			<-slots
		})
	}
	running.Wait()
	var readable []Topic
	for i, topic := range topics {
		if errs[i] == nil {
			readable = append(readable, topic)
		}
	}
	return readable, errors.Join(errs...)
}

func (a *auditor) topic(ctx context.Context, name string) (Topic, error) {
	topic := Topic{Name: name, Devices: []Device{}}
	partitions, err := a.client.Partitions(name)
	if err != nil {
		return topic, fmt.Errorf("topic %q: %w", name, err)
	}
	devices := make(map[string]*series)
	for _, number := range partitions {
		if err := a.partition(ctx, &topic, number, devices); err != nil {
			return topic, fmt.Errorf("topic %q, partition %d: %w", name, number, err)
		}
	}
	for id, s := range devices {
		d := s.device(id)
		if a.store != nil {
			if err := compare(ctx, a.store, name, &d, s.times); err != nil {
				return topic, err
			}
		}
		topic.Devices = append(topic.Devices, d)
	}
	slices.SortFunc(topic.Devices, func(a, b Device) int { return cmp.Compare(a.ID, b.ID) })
	return topic, nil
}

func (a *auditor) partition(ctx context.Context, topic *Topic, number int32, devices map[string]*series) error {
	p, err := openPartition(a.client, topic.Name, number)
	if err != nil {
		return err
	}
	return p.read(ctx, a.consumer, func(message *sarama.ConsumerMessage) { topic.take(message, p.start == 0, a.store != nil, devices) })
}

func (t *Topic) take(message *sarama.ConsumerMessage, whole, compared bool, devices map[string]*series) {
	headers := make(map[string]string, len(message.Headers))
	for _, h := range message.Headers {
		headers[string(h.Key)] = string(h.Value)
	}
	if headers[record.HeaderEpoch] == "" {
		t.Foreign++
		return
	}
	e := &entry{partition: message.Partition, whole: whole, value: message.Value}
	numbered, err := e.read(headers)
	if err != nil {
		t.Unreadable++
	}
	if !numbered {
		return
	}
	id := string(message.Key)
	if devices[id] == nil {
		devices[id] = newSeries(compared)
	}
	devices[id].add(e)
}
