package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The limits of one fetch. A broker returns at least one batch, whatever its size.
const (
	fetchPartitions = 50
	fetchBytes      = 4 << 20
	partitionBytes  = 2 << 20
	fetchWaitMillis = 100
	// emptyFetches is how many responses without a record are accepted in a row: a broker that throttles a client may return none.
	emptyFetches = 20
)

// maxBatchBytes limits what a batch can decompress to: a few kilobytes of zstd can hold hundreds of megabytes.
const maxBatchBytes = 16 << 20

// Partition is read from Next to End.
type Partition struct {
	Topic  string
	Number int32
	// Start is the offset of the first record, and End that after the last one, when the partition was listed.
	Start, End int64
	// Next is where reading continues.
	Next int64
	// Err is why the partition cannot be read, or not further.
	Err error

	id     kadm.TopicID
	leader int32
	empty  int // fetches without progress
}

// Unfinished reports whether there is more to read.
func (p *Partition) Unfinished() bool { return p.Err == nil && p.Next < p.End }

// Visitor gets what is read. Its functions are called one at a time.
type Visitor struct {
	// Record gets each record. Those of aborted transactions are among them, since the central Telegraf also reads them.
	Record func(*Partition, *kgo.Record)
	// Damaged gets the offsets of a batch that cannot be decoded. It is skipped.
	Damaged func(p *Partition, from, to int64, err error)
	// Fetched is called after the records of one response. It can move Next.
	Fetched func(*Partition)
}

// Reader reads partitions up to their ends, for commands that look at what topics hold now.
type Reader struct {
	client *kgo.Client
	admin  *kadm.Client
}

// NewReader returns a reader with the client that OpenAdmin returned.
func NewReader(client *kgo.Client) *Reader { return &Reader{client, kadm.NewClient(client)} }

// Partitions returns the partitions of topics, with their offsets, in order. What is unknown about one is in its Err.
func (r *Reader) Partitions(ctx context.Context, topics kadm.TopicDetails) (all []*Partition) {
	for _, topic := range topics.Sorted() {
		for _, detail := range topic.Partitions.Sorted() {
			p := &Partition{Topic: topic.Topic, Number: detail.Partition, id: topic.ID, leader: detail.Leader}
			if p.leader < 0 {
				p.Err = fmt.Errorf("partition %d has no leader, because its brokers are down", p.Number)
			}
			all = append(all, p)
		}
	}
	r.listOffsets(ctx, all, earliest, func(p *Partition, offset int64) { p.Start, p.Next = offset, offset })
	r.listOffsets(ctx, all, latest, func(p *Partition, offset int64) { p.End = offset })
	return all
}

// The times that stand for the first offset and for that after the last record (ListOffsets).
const (
	earliest int64 = -2
	latest   int64 = -1
)

// listOffsets requests an offset of all partitions. It does not use kadm, which fails as a whole if one topic is denied.
func (r *Reader) listOffsets(ctx context.Context, partitions []*Partition, at int64, set func(*Partition, int64)) {
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID = -1
	pending := make(map[topicPartition]*Partition, len(partitions))
	for _, p := range partitions {
		if p.Err != nil {
			continue
		}
		pending[topicPartition{p.Topic, p.Number}] = p
		topic, partition := kmsg.NewListOffsetsRequestTopic(), kmsg.NewListOffsetsRequestTopicPartition()
		topic.Topic, partition.Partition, partition.Timestamp = p.Topic, p.Number, at
		topic.Partitions = append(topic.Partitions, partition)
		request.Topics = append(request.Topics, topic)
	}
	if len(pending) == 0 {
		return
	}
	for _, shard := range r.client.RequestSharded(ctx, request) {
		r.offsetsOf(shard, pending, set)
	}
	for _, p := range pending {
		p.Err = errors.New("Kafka did not return its offsets") //nolint:staticcheck // a name
	}
}

type topicPartition struct {
	topic     string
	partition int32
}

// offsetsOf sets the offsets that a broker listed, or why it did not, and removes their partitions from the pending ones.
func (*Reader) offsetsOf(shard kgo.ResponseShard, pending map[topicPartition]*Partition, set func(*Partition, int64)) {
	end := func(topic string, partition int32, offset int64, err error) {
		key := topicPartition{topic, partition}
		p := pending[key]
		delete(pending, key)
		switch {
		case p == nil:
		case err != nil:
			p.Err = explain(err)
		default:
			set(p, offset)
		}
	}
	if request, ok := shard.Req.(*kmsg.ListOffsetsRequest); ok && shard.Err != nil {
		for _, topic := range request.Topics {
			for _, p := range topic.Partitions {
				end(topic.Topic, p.Partition, 0, noAnswer(fmt.Sprintf("%s:%d", shard.Meta.Host, shard.Meta.Port), shard.Err))
			}
		}
	}
	if response, ok := shard.Resp.(*kmsg.ListOffsetsResponse); ok && shard.Err == nil {
		for _, topic := range response.Topics {
			for _, p := range topic.Partitions {
				end(topic.Topic, p.Partition, p.Offset, kerr.ErrorForCode(p.ErrorCode))
			}
		}
	}
}

func noAnswer(broker string, err error) error {
	return fmt.Errorf("broker %s does not respond: %w", broker, err)
}

// Read reads all partitions to their ends, from all brokers concurrently. A partition that cannot be read has the reason in Err, and the
// others are read.
func (r *Reader) Read(ctx context.Context, partitions []*Partition, visitor Visitor) {
	byLeader := make(map[int32][]*Partition)
	for _, p := range partitions {
		if p.Unfinished() {
			byLeader[p.leader] = append(byLeader[p.leader], p)
		}
	}
	var running sync.WaitGroup
	var visiting sync.Mutex
	for leader, led := range byLeader {
		l := leaderReader{r, leader, visitor, &visiting}
		running.Go(func() { l.read(ctx, led) })
	}
	running.Wait()
}

// leaderReader reads the partitions that a broker leads.
type leaderReader struct {
	*Reader
	leader   int32
	visitor  Visitor
	visiting *sync.Mutex
}

func (l leaderReader) read(ctx context.Context, partitions []*Partition) {
	for len(partitions) > 0 {
		n := min(fetchPartitions, len(partitions))
		if err := l.fetch(ctx, partitions[:n]); err != nil {
			for _, p := range partitions { // a broker that does not respond gets no more requests
				p.Err = noAnswer(fmt.Sprint(l.leader), err)
			}
			return
		}
		unfinished := slices.DeleteFunc(slices.Clone(partitions[:n]), func(p *Partition) bool { return !p.Unfinished() })
		partitions = slices.Concat(partitions[n:], unfinished)
	}
}

// fetch sends one request and visits what its response has. An error is that of the broker.
func (l leaderReader) fetch(ctx context.Context, partitions []*Partition) error {
	broker := l.client.Broker(int(l.leader))
	answer, err := broker.Request(ctx, newFetch(partitions))
	l.visiting.Lock()
	defer l.visiting.Unlock()
	response, ok := answer.(*kmsg.FetchResponse)
	if err == nil && ok {
		err = kerr.ErrorForCode(response.ErrorCode)
	}
	if err != nil {
		return err
	}
	progress := false
	for _, p := range partitions {
		before := p.Next
		if found := find(response, p); found != nil {
			l.visit(p, found)
		}
		progress = progress || p.Next != before
	}
	for _, p := range partitions {
		if progress { // the limit of a response leaves nothing for the partitions after large ones: they wait for their turn
			p.empty = 0
		} else if p.empty++; p.empty > emptyFetches && p.Err == nil {
			p.Err = fmt.Errorf("broker %d returns no records from offset %d", l.leader, p.Next)
		}
	}
	return nil
}

func newFetch(partitions []*Partition) *kmsg.FetchRequest {
	request := kmsg.NewPtrFetchRequest()
	request.MaxWaitMillis, request.MinBytes, request.MaxBytes, request.SessionEpoch = fetchWaitMillis, 1, fetchBytes, -1
	for _, p := range partitions {
		topic, partition := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
		topic.Topic, topic.TopicID = p.Topic, p.id
		partition.Partition, partition.FetchOffset, partition.PartitionMaxBytes = p.Number, p.Next, partitionBytes
		topic.Partitions = append(topic.Partitions, partition)
		request.Topics = append(request.Topics, topic)
	}
	return request
}

// find returns the part of a response that is about a partition. Newer versions name the topic by its ID only.
func find(response *kmsg.FetchResponse, p *Partition) *kmsg.FetchResponseTopicPartition {
	for i := range response.Topics {
		topic := &response.Topics[i]
		if topic.Topic != p.Topic && (topic.Topic != "" || topic.TopicID != p.id) {
			continue
		}
		for j := range topic.Partitions {
			if topic.Partitions[j].Partition == p.Number {
				return &topic.Partitions[j]
			}
		}
	}
	return nil
}

// visit passes on the records of a response. It decodes one batch at a time, which limits the memory, and skips those that cannot be decoded.
func (l leaderReader) visit(p *Partition, raw *kmsg.FetchResponseTopicPartition) {
	if err := kerr.ErrorForCode(raw.ErrorCode); err != nil {
		p.Err = explain(err)
		return
	}
	for rest := raw.RecordBatches; p.Err == nil; {
		size := batchSize(rest)
		if size == 0 {
			break
		}
		raw.RecordBatches = rest[:size]
		l.visitBatch(p, raw)
		rest = rest[size:]
	}
	if l.visitor.Fetched != nil {
		l.visitor.Fetched(p)
	}
}

func (l leaderReader) visitBatch(p *Partition, raw *kmsg.FetchResponseTopicPartition) {
	decompressor, _ := l.client.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
	options := kgo.ProcessFetchPartitionOpts{Offset: p.Next, Topic: p.Topic, Partition: p.Number}
	fetched, next := kgo.ProcessFetchPartition(options, raw, decompressor, nil)
	if fetched.Err != nil {
		l.skipBatch(p, raw.RecordBatches, fetched.Err)
		return
	}
	for _, record := range fetched.Records {
		if record.Offset < p.End {
			l.visitor.Record(p, record)
		}
	}
	if first, last, records := batchOf(raw.RecordBatches); p.Next <= first && len(fetched.Records) < records {
		l.visitor.Damaged(p, first+int64(len(fetched.Records)), last, errFewerRecords)
	}
	if next > p.Next {
		p.Next, p.empty = next, 0
	}
}

// skipBatch moves on after a batch, by the offsets in its header. If they are damaged, too, the partition cannot be read.
func (l leaderReader) skipBatch(p *Partition, batch []byte, err error) {
	from, to, _ := batchOf(batch)
	if from < 0 || from > to || to < p.Next || from > p.Next {
		p.Err = fmt.Errorf("cannot read partition %d from offset %d: %w", p.Number, p.Next, err)
		return
	}
	l.visitor.Damaged(p, p.Next, to, err)
	p.Next, p.empty = to+1, 0
}

var errFewerRecords = errors.New("it has fewer records than its header says") // the client library skips them

// The header of a batch (KIP-98): the offset of its first record, the length of what follows, the magic, the attributes, the offset of its
// last record relative to the first, and the number of records.
const (
	batchLengthAt     = 8
	batchOverhead     = 12
	batchMagicAt      = 16
	batchAttributesAt = 21
	batchLastDeltaAt  = 23
	batchRecordsAt    = 57
	batchHeader       = 61
	controlBit        = 1 << 5
)

// batchOf returns the first and the last offset of a batch by its header, and how many records it has. The marker of a transaction has none.
func batchOf(batch []byte) (first, last int64, records int) {
	first = int64(binary.BigEndian.Uint64(batch))                                  //nolint:gosec // checked by the callers
	last = first + int64(int32(binary.BigEndian.Uint32(batch[batchLastDeltaAt:]))) //nolint:gosec // checked by the callers
	if batch[batchMagicAt] == 2 && binary.BigEndian.Uint16(batch[batchAttributesAt:])&controlBit == 0 {
		records = int(int32(binary.BigEndian.Uint32(batch[batchRecordsAt:]))) //nolint:gosec // compared only
	}
	return first, last, records
}

// batchSize returns the size of the first batch, or 0 if it is incomplete: a broker cuts off the last one.
func batchSize(batches []byte) int {
	if len(batches) < batchHeader {
		return 0
	}
	size := int64(int32(binary.BigEndian.Uint32(batches[batchLengthAt:]))) + batchOverhead //nolint:gosec // checked below
	if size < batchHeader || size > int64(len(batches)) {
		return 0
	}
	return int(size)
}

// explain adds the fix to an error from Kafka.
func explain(err error) error {
	switch {
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Errorf("not authorized to read it; log in as an administrator, one of the brokers' super.users (%w)", err)
	case errors.Is(err, kerr.OffsetOutOfRange):
		return fmt.Errorf("records were deleted while they were read; repeat the command (%w)", err)
	case errors.Is(err, kerr.NotLeaderForPartition):
		return fmt.Errorf("another broker leads it now; repeat the command (%w)", err)
	}
	return err
}

// DescribeTopics describes topics. What is unknown about one is in its Err.
func (r *Reader) DescribeTopics(ctx context.Context, names ...string) (kadm.TopicDetails, error) {
	topics, err := r.admin.ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("cannot describe the topics: %w", err)
	}
	return topics, nil
}

// FindTopics describes the topics whose names match.
func (r *Reader) FindTopics(ctx context.Context, match func(name string) bool) (kadm.TopicDetails, error) {
	all, err := r.admin.ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot list the topics: %w", err)
	}
	all.FilterInternal()
	for name := range all {
		if strings.HasPrefix(name, "__") || !match(name) {
			delete(all, name)
		}
	}
	return all, nil
}
