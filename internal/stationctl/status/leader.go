package status

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/IBM/sarama"
)

// The limits of one fetch. A broker returns at least one batch, whatever its size.
const (
	fetchPartitions = 50
	fetchBytes      = 4 << 20
	partitionBytes  = 2 << 20
	fetchWait       = 100 // ms
)

// leader reads the partitions that a broker leads.
type leader struct {
	broker  *sarama.Broker
	version sarama.KafkaVersion
}

// readTails reads from all leaders concurrently. Each tail gets its result or its error.
func readTails(client sarama.Client, tails []*tail) {
	byLeader := make(map[int32][]*tail)
	for _, t := range tails {
		if t.err == nil {
			byLeader[t.leader] = append(byLeader[t.leader], t)
		}
	}
	var running sync.WaitGroup
	for id, led := range byLeader {
		broker, err := client.Broker(id)
		if err != nil {
			fail(led, err)
			continue
		}
		running.Go(func() {
			l := leader{broker, client.Config().Version}
			l.read(l.bound(led))
		})
	}
	running.Wait()
}

func fail(tails []*tail, err error) {
	for _, t := range tails {
		t.err = explain(err)
	}
}

// bound requests the offsets of the partitions, and returns those that have records.
func (l leader) bound(tails []*tail) (filled []*tail) {
	l.offsets(tails, sarama.OffsetOldest, func(t *tail, offset int64) { t.oldest = offset })
	l.offsets(tails, sarama.OffsetNewest, func(t *tail, offset int64) { t.newest = offset })
	for _, t := range tails {
		t.begin(tailRecords)
		if t.unfinished() {
			filled = append(filled, t)
		}
	}
	return filled
}

func (l leader) offsets(tails []*tail, at int64, set func(*tail, int64)) {
	request := sarama.NewOffsetRequest(l.version)
	for _, t := range tails {
		request.AddBlock(t.topic, t.partition, at, 1)
	}
	answer, err := l.broker.GetAvailableOffsets(request)
	if err != nil {
		fail(tails, fmt.Errorf("broker %s does not respond: %w", l.broker.Addr(), err))
		return
	}
	for _, t := range tails {
		switch block := answer.GetBlock(t.topic, t.partition); {
		case block == nil:
			t.err = errors.New("Kafka did not return its offsets") //nolint:staticcheck // a name
		case block.Err != sarama.ErrNoError:
			t.err = explain(block.Err)
		default:
			set(t, block.Offset)
		}
	}
}

// read reads all partitions to their ends, as many per fetch as its limits allow.
func (l leader) read(tails []*tail) {
	for len(tails) > 0 {
		n := min(fetchPartitions, len(tails))
		tails = slices.Concat(tails[n:], l.fetch(tails[:n])) // the unfinished ones wait for the rest
	}
}

// fetch sends one request, and returns the tails that are not at their ends. If none of them makes progress, only batches are left that
// compaction has emptied, which the library skips.
func (l leader) fetch(tails []*tail) (unfinished []*tail) {
	answer, err := l.broker.Fetch(newFetch(tails))
	if err != nil {
		l.fetchHalves(tails, err)
		return nil
	}
	if code := sarama.KError(answer.ErrorCode); code != sarama.ErrNoError {
		fail(tails, code)
		return nil
	}
	progress := answer.ThrottleTime > 0 // a broker that throttles us may return nothing
	for _, t := range tails {
		if t.take(answer.GetBlock(t.topic, t.partition)) {
			progress = true
		}
		if t.unfinished() {
			unfinished = append(unfinished, t)
		} else {
			t.finish()
		}
	}
	if !progress {
		for _, t := range unfinished {
			t.finish()
		}
		return nil
	}
	return unfinished
}

// fetchHalves finds the partition whose records cannot be decoded: the library rejects the whole response. If the connection is broken, all
// fail.
func (l leader) fetchHalves(tails []*tail, err error) {
	if len(tails) == 1 {
		fail(tails, fmt.Errorf("cannot read partition %d: %w", tails[0].partition, err))
		return
	}
	l.read(tails[:len(tails)/2])
	l.read(tails[len(tails)/2:])
}

// newFetch uses version 11: versions below 10 cannot read zstd. SessionEpoch -1 creates no session on the broker.
func newFetch(tails []*tail) *sarama.FetchRequest {
	request := &sarama.FetchRequest{Version: 11, MaxWaitTime: fetchWait, MinBytes: 1, MaxBytes: fetchBytes, SessionEpoch: -1}
	for _, t := range tails {
		request.AddBlock(t.topic, t.partition, t.next, partitionBytes, -1)
	}
	return request
}

// explain adds the fix to an error from Kafka.
func explain(err error) error {
	switch {
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed):
		return fmt.Errorf("not authorized to read it; log in as an administrator, one of the brokers' super.users (%w)", err)
	case errors.Is(err, sarama.ErrOffsetOutOfRange):
		return fmt.Errorf("its records were deleted while they were read; repeat the command (%w)", err)
	case errors.Is(err, sarama.ErrNotLeaderForPartition):
		return fmt.Errorf("another broker leads it now; repeat the command (%w)", err)
	}
	return err
}
