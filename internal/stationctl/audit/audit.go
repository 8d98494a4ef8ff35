// Package audit reads the topics of sites from their beginning to their end, and reports what was lost, repeated, or delivered out of order, by
// the headers in internal/record, and whether InfluxDB has each reading.
//
// entry.go decodes a record, series.go tracks the numbers of a device, store.go compares with InfluxDB, and report.go is the result.
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
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
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

// parallel is the number of topics that are read, and compared with InfluxDB, concurrently.
const parallel = 16

// Run audits the present content of the topics. An error means that something could not be read; lost records are not an error. The report
// that accompanies an error, if any, has the topics that could be read.
func Run(ctx context.Context, options Options) (*Report, error) {
	config := options.Config
	if config == nil {
		config = kafka.NewToolConfig()
	}
	_, client, err := kafka.OpenAdmin(ctx, options.Brokers, config, kafka.DefaultTimeouts())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	a := &auditor{reader: kafka.NewReader(client), store: options.Store}
	found, err := a.findTopics(ctx, options)
	if err != nil {
		return nil, err
	}
	report := &Report{Store: options.Store != nil}
	var errs []error
	for names := range slices.Chunk(found.Names(), parallel) {
		topics, err := a.audit(ctx, found, names)
		report.Topics, errs = append(report.Topics, topics...), append(errs, err)
	}
	if len(report.Topics) == 0 {
		report = nil
	}
	return report, errors.Join(errs...)
}

type auditor struct {
	reader *kafka.Reader
	store  Store
}

// findTopics returns the named topics, or those that match. A named topic that does not exist has an error.
func (a *auditor) findTopics(ctx context.Context, options Options) (kadm.TopicDetails, error) {
	if len(options.Topics) > 0 {
		return a.reader.DescribeTopics(ctx, options.Topics...)
	}
	pattern := options.Pattern
	if pattern == nil {
		pattern = regexp.MustCompile(DefaultPattern)
	}
	found, err := a.reader.FindTopics(ctx, pattern.MatchString)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no topic matches %q", pattern)
	}
	return found, err
}

// audit reads topics and returns those that could be read, in order.
func (a *auditor) audit(ctx context.Context, found kadm.TopicDetails, names []string) ([]Topic, error) {
	chunk := make(kadm.TopicDetails, len(names))
	readings := make(map[string]*reading, len(names))
	for _, name := range names {
		chunk[name] = found[name]
		readings[name] = newReading(found[name], a.store != nil)
	}
	partitions := a.reader.Partitions(ctx, chunk)
	a.reader.Read(ctx, partitions, kafka.Visitor{
		Record:  func(p *kafka.Partition, r *kgo.Record) { readings[p.Topic].add(p, r) },
		Damaged: func(p *kafka.Partition, from, to int64, err error) { readings[p.Topic].damaged(p, from, to, err) },
	})
	for _, p := range partitions {
		readings[p.Topic].end(ctx, p)
	}
	var running sync.WaitGroup
	for _, r := range readings {
		running.Go(func() { r.finish(ctx, a.store) })
	}
	running.Wait()
	var topics []Topic
	var errs []error
	for _, name := range names {
		if r := readings[name]; r.err != nil {
			errs = append(errs, r.err)
		} else {
			topics = append(topics, r.topic)
		}
	}
	return topics, errors.Join(errs...)
}

// reading is a topic that is being read.
type reading struct {
	topic    Topic
	devices  map[string]*series
	compared bool
	err      error
}

func newReading(detail kadm.TopicDetail, compared bool) *reading {
	r := &reading{topic: Topic{Name: detail.Topic, Devices: []Device{}}, devices: make(map[string]*series), compared: compared}
	if detail.Err != nil {
		r.err = fmt.Errorf("topic %q: %w", detail.Topic, detail.Err)
	}
	return r
}

func (r *reading) add(p *kafka.Partition, from *kgo.Record) {
	headers := make(map[string]string, len(from.Headers))
	for _, h := range from.Headers {
		headers[h.Key] = string(h.Value)
	}
	if headers[record.HeaderEpoch] == "" {
		r.topic.Foreign++
		return
	}
	e := &entry{partition: p.Number, whole: p.Start == 0, value: from.Value}
	numbered, err := e.read(headers)
	if err != nil {
		r.topic.Unreadable++
	}
	if !numbered {
		return
	}
	id := string(from.Key)
	if r.devices[id] == nil {
		r.devices[id] = newSeries(r.compared)
	}
	r.devices[id].add(e)
}

// maxDamaged limits the damaged batches that are listed.
const maxDamaged = 100

func (r *reading) damaged(p *kafka.Partition, from, to int64, err error) {
	r.topic.Unreadable += to - from + 1
	if len(r.topic.Damaged) < maxDamaged {
		r.topic.Damaged = append(r.topic.Damaged, Damaged{p.Number, from, to, err.Error()})
	}
}

// end notes why a partition could not be read to its end.
func (r *reading) end(ctx context.Context, p *kafka.Partition) {
	err := p.Err
	if cause := context.Cause(ctx); cause != nil && p.Next < p.End {
		err = fmt.Errorf("read to offset %d of %d: %w", p.Next, p.End, cause)
	}
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("topic %q, partition %d: %w", p.Topic, p.Number, err)
	}
}

// finish sums up the devices, and compares them with the store.
func (r *reading) finish(ctx context.Context, store Store) {
	for id, s := range r.devices {
		d := s.device(id)
		if store != nil && r.err == nil {
			r.err = compare(ctx, store, r.topic.Name, &d, s.times)
		}
		r.topic.Devices = append(r.topic.Devices, d)
	}
	slices.SortFunc(r.topic.Devices, func(a, b Device) int { return cmp.Compare(a.ID, b.ID) })
}
