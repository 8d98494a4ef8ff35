package kafka_site

import (
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf/selfstat"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

// healthOf returns the health that a record carries, or nil.
func healthOf(t *testing.T, r *kgo.Record) record.Health {
	t.Helper()
	last := r.Headers[len(r.Headers)-1]
	if last.Key != record.HeaderHealth {
		return nil
	}
	health, err := record.ParseHealth(string(last.Value))
	require.NoError(t, err)
	return health
}

// ownCounters separates the counters from those of other tests: a process has one set per tags.
func ownCounters(t *testing.T) func(*KafkaSite) {
	t.Helper()
	return func(k *KafkaSite) { k.Statistics = selfstat.NewCollector(map[string]string{"test": t.TempDir()}) }
}

func TestARecordCarriesTheAgentsHealth(t *testing.T) {
	t.Parallel()
	device := t.Name() // the registry is the process's
	register := func(measurement, counter, device string, value int64) {
		selfstat.Register(measurement, counter, map[string]string{"device_id": device, "input": t.Name()}).Set(value)
	}
	for i, counter := range []string{
		"lines", "readings", "sensing_errors", "silences", "lost", "board_resets", "opens", "rejected_checksum", "rejected_syntax",
		"rejected_schema", "rejected_overlong", "rejected_encoding", "rejected_fused", "rejected_device", "rejected_empty", "of_later",
	} {
		register("arduino_serial", counter, device, int64(100+i))
		register("arduino_serial", counter, device+"2", 7)
		register("another", counter, device, 7)
	}
	cluster := newCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), ownCounters(t))
	b.deliver(reading("JNU", device, 0))
	health := healthOf(t, consume(t, cluster, "JNU_1_rasp", 1)[0])
	require.Greater(t, health["memory"], int64(1<<20))
	require.Less(t, health["uptime"], int64(60))
	require.Positive(t, health["outbox_bytes"])
	for _, varies := range []string{"memory", "uptime", "outbox_bytes"} {
		delete(health, varies)
	}
	require.Equal(t, record.Health{
		"written": 0, "sent_again": 0, "rejected": 0, "dropped": 0, "damaged": 0,
		"outbox_records": 1, "outbox_limit": 1_000_000_000, "parked": 0, // the record itself waits
		"lines": 100, "readings": 101, "sensing_errors": 102, "silences": 103, "lines_lost": 104, "board_resets": 105, "port_opens": 106,
		"rejected_checksum": 107, "rejected_syntax": 108, "rejected_schema": 109, "rejected_overlong": 110, "rejected_encoding": 111,
		"rejected_fused": 112, "rejected_device": 113, "rejected_empty": 114,
	}, health)
	require.Len(t, health, len(record.HealthNames())-3, "all names")
}

func TestHealthWithoutAnInputOrAnOutbox(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), nil)
	b.deliver(reading("JNU", t.Name(), 0))
	health := healthOf(t, consume(t, cluster, "JNU_1_rasp", 1)[0])
	require.Contains(t, health, "written")
	require.NotContains(t, health, "outbox_limit")
	require.NotContains(t, health, "lines")
}

// withHealth returns the indices of the records that carry the health.
func withHealth(a *agent, q *topicState, now time.Time, devices ...string) (indices []int) {
	p := &batch{topic: q}
	for _, device := range devices {
		p.records = append(p.records, &outbox.Record{Device: device})
	}
	a.addHealth(p, now)
	for i := range p.records {
		if p.health[i] != "" {
			indices = append(indices, i)
		}
	}
	q.health.sent(p, now)
	return indices
}

func TestHealthSchedule(t *testing.T) {
	t.Parallel()
	a, now := newAgentOf(t, 1_000_000), time.Now()
	q := &topicState{}
	require.Equal(t, []int{0}, withHealth(a, q, now, "a"), "the first record")
	require.Empty(t, withHealth(a, q, now.Add(59*time.Second), "a"))
	require.Equal(t, []int{0}, withHealth(a, q, now.Add(time.Minute), "a", "a", "a"), "a minute later")
	require.Equal(t, []int{1}, withHealth(a, q, now.Add(time.Minute), "a", "b"), "the first of another device")
	require.Equal(t, []int{0, 1}, withHealth(a, q, now.Add(3*time.Minute), "a", "b", "a"))
	many := strings.Split(strings.Repeat("a ", 120), " ")[:120]
	q = &topicState{}
	require.Equal(t, []int{0, 50, 100}, withHealth(a, q, now, many...), "each 50th record")
	require.Equal(t, []int{30, 80}, withHealth(a, q, now, many...), "counted on from the last batch")
}

func newAgentOf(t *testing.T, maxBytes int) *agent {
	t.Helper()
	plugin := newPlugin(nil)
	require.NoError(t, plugin.Init())
	plugin.sender.agent.maxBytes = maxBytes
	return plugin.sender.agent
}

// A batch that was not acknowledged carries the health again when it is resent.
func TestHealthIsSentUntilItIsAcknowledged(t *testing.T) {
	t.Parallel()
	a, p := newAgentOf(t, 1_000_000), &batch{topic: &topicState{}, records: []*outbox.Record{{Device: "a"}}}
	for range 3 {
		a.addHealth(p, time.Now())
		require.Len(t, p.health, 1)
	}
	p.topic.health.sent(p, time.Now())
	a.addHealth(p, time.Now())
	require.Empty(t, p.health)
}

// A record that fits without the header must not become too large with it.
func TestHealthMakesNoRecordTooLarge(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	b := newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) { k.MaxMessageBytes, k.UnknownFields = 2048, "keep" })
	large := reading("JNU", "pi", 0)
	large.AddField("note", strings.Repeat("x", 1600))
	b.deliver(large)
	b.deliver(reading("JNU", "pi", 1))
	records := consume(t, cluster, "JNU_1_rasp", 2)
	require.Nil(t, healthOf(t, records[0]))
	require.NotNil(t, healthOf(t, records[1]), "the next one that has room")
	require.Empty(t, b.log.Errors())
}

func TestABrokerThatRejectsARecordForItsHealth(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	requests := 0
	controlProduce(cluster, func(int) *kerr.Error {
		if requests++; requests == 1 {
			return kerr.MessageTooLarge
		}
		return nil
	})
	b := newDurable(t, cluster.ListenAddrs(), t.TempDir(), ownCounters(t))
	b.deliver(reading("JNU", "pi", 0))
	requireDrained(t, b)
	require.Nil(t, healthOf(t, consume(t, cluster, "JNU_1_rasp", 1)[0]))
	require.Empty(t, b.log.Errors())
	require.Zero(t, b.plugin.counters.rejected.Get())
}

func BenchmarkHealth(b *testing.B) {
	plugin := newPlugin(nil)
	require.NoError(b, plugin.Init())
	for b.Loop() {
		_ = plugin.sender.agent.health("pi").String()
	}
}

func BenchmarkNoHealthDue(b *testing.B) {
	plugin := newPlugin(nil)
	require.NoError(b, plugin.Init())
	now := time.Now()
	p := &batch{topic: &topicState{}, records: []*outbox.Record{{Device: "pi"}}}
	p.topic.health.sentAt = map[string]time.Time{"pi": now}
	for b.Loop() {
		plugin.sender.agent.addHealth(p, now)
	}
}
