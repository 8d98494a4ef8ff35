package status

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

func TestCompressedBatches(t *testing.T) {
	t.Parallel()
	for _, codec := range []sarama.CompressionCodec{sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD} {
		t.Run(codec.String(), func(t *testing.T) {
			t.Parallel()
			b := newBed(t, func(c *sarama.Config) { c.Producer.Compression = codec })
			b.topic(t, "JNU_1_rasp", 1)
			b.send(t, "JNU_1_rasp", readings(1, 250)...)
			site := b.site(t)
			require.Empty(t, site.Troubles)
			require.InDelta(t, 6, site.PerMinute, 0.1)
		})
	}
}

// A partition may end with the marker of a transaction, or with nothing else, and its records may be those of an aborted one.
func TestTransactions(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.topic(t, "JNU_1_rasp", 1)
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addresses()...), kgo.TransactionalID("test"), kgo.DefaultProduceTopic("JNU_1_rasp"))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	for i, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		value, err := b.message("JNU_1_rasp", sent{device: "pi", age: time.Duration(10-i*10) * time.Second}).Value.Encode()
		require.NoError(t, err)
		require.NoError(t, client.BeginTransaction())
		require.NoError(t, client.ProduceSync(t.Context(), &kgo.Record{Key: []byte("pi"), Value: value}).FirstErr())
		require.NoError(t, client.EndTransaction(t.Context(), end))
	}
	site := b.site(t)
	require.Empty(t, site.Troubles)
	require.Len(t, site.Devices, 1)
	require.Zero(t, site.Unreadable)
	require.InDelta(t, 6, site.PerMinute, 0.1)
	b.deleteTo(t, "JNU_1_rasp", 3) // the last marker stays
	require.Equal(t, []string{"no readings in its last records"}, b.site(t).Troubles)
}

func (b *bed) deleteTo(t *testing.T, topic string, offset int64) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(b.Addresses(), options(nil).Config)
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	require.NoError(t, admin.DeleteRecords(topic, map[int32]int64{0: offset}))
}

func TestRecordsThatRetentionDeleted(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.topic(t, "JNU_1_rasp", 1)
	b.send(t, "JNU_1_rasp", readings(1, 150)...)
	b.deleteTo(t, "JNU_1_rasp", 140)
	site := b.site(t)
	require.Empty(t, site.Troubles)
	require.EqualValues(t, 10, *site.Lag)
	b.deleteTo(t, "JNU_1_rasp", 150)
	site = b.site(t)
	require.Equal(t, []string{"no records"}, site.Troubles)
	require.Zero(t, *site.Lag)
}

// What one topic or group refuses hides no other.
func TestRefusals(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	for _, topic := range []string{"denied_1_x", "hidden_1_x", "moved_1_x", "good_1_x"} {
		b.topic(t, topic, 1)
		b.send(t, topic, readings(1, 3)...)
	}
	b.Cluster().Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "denied_1_x", Err: kerr.TopicAuthorizationFailed, Count: -1},
		kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Topic: "hidden_1_x", Err: kerr.TopicAuthorizationFailed, Count: -1},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "moved_1_x", Err: kerr.NotLeaderForPartition, Count: -1},
		kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetFetch}, Group: "telegraf-station", Err: kerr.GroupAuthorizationFailed, Count: -1},
	)
	report := b.look(t)
	require.Len(t, report.Sites, 4)
	const denied = "not authorized to read it; log in as"
	for i, want := range map[int]string{0: denied, 2: denied, 3: "another broker leads it now; repeat the command"} {
		require.True(t, report.Sites[i].Unknown)
		require.Contains(t, report.Sites[i].Troubles[0], want)
	}
	require.Empty(t, report.Sites[1].Troubles, report.Sites[1].Topic)
	require.Nil(t, report.Sites[1].Lag)
	require.Contains(t, report.GroupTrouble, `the lag of group "telegraf-station" is unknown: `)
	require.False(t, report.OK())
	var out bytes.Buffer
	require.NoError(t, report.Write(&out))
	require.Contains(t, out.String(), "\n! the lag of group \"telegraf-station\" is unknown: ")
	require.Contains(t, out.String(), "denied_1_x  unknown ")
}

func TestPartitionsWithoutALeader(t *testing.T) {
	t.Parallel()
	tails := newTails([]*kafka.Partition{{Topic: "JNU_1_rasp", Err: errors.New("partition 0 has no leader, because its brokers are down")}})
	require.EqualError(t, failure(kadm.TopicDetail{}, tails), "partition 0 has no leader, because its brokers are down")
}

// Of large records those are read that the bound allows, the last one among them.
func TestLargeRecords(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	filler := strings.Repeat("x", 1<<20-1000)
	for _, topic := range []string{"a_1_x", "b_1_x"} {
		b.topic(t, topic, 1)
		for seq := int64(1); seq <= 8; seq++ {
			at := b.now.Add(time.Duration(seq-8) * time.Second).UTC().Format(time.RFC3339Nano)
			b.send(t, topic, sent{device: "pi", seq: seq, value: `{"device_id":"pi","status":0,"time":"` + at + `","filler":"` + filler + `"}`})
		}
	}
	for _, site := range b.look(t).Sites {
		require.Empty(t, site.Troubles)
		require.WithinDuration(t, b.now, *site.Newest, time.Second)
	}
}

func TestHostileRecords(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.topic(t, "JNU_1_rasp", 1)
	escape := "\x1b[2J\n\t\u009b31m" + strings.Repeat("가", 100)
	long := "parked=" + strings.Repeat("1,", maxSkipped) + "1"
	b.send(t, "JNU_1_rasp",
		sent{device: "pi", seq: 1, skipped: "parked=x", health: "[]"},
		sent{device: "pi", seq: 2, skipped: long, health: `{"parked":-1}`},
		sent{device: "pi", seq: 3, health: strings.Repeat("{", 10_000)},
		sent{device: "pi", seq: 9_000_000_000_000_000, health: `{"parked":9223372036854775807}`},
		sent{device: escape, status: 2, seq: 1, health: `{"parked":9223372036854775807}`},
		sent{device: "", value: `{"device_id":"no key","status":0,"time":"2026-11-24T12:00:00Z"}`},
		sent{device: "pi", value: "\xff\xfe"}, sent{device: "pi", value: "[]"}, sent{device: "pi", value: `{"device_id":"pi","status":0,"time":"yesterday"}`},
	)
	report := b.look(t)
	site := report.Sites[0]
	require.Len(t, site.Devices, 3)
	require.Equal(t, int64(9_000_000_000_000_000-4), site.Lost)
	require.Positive(t, *site.Parked)
	require.EqualValues(t, 3, site.Unreadable)
	var out bytes.Buffer
	require.NoError(t, report.Write(&out))
	require.NotContains(t, out.String(), "\x1b")
	require.NotContains(t, out.String(), "\u009b")
	require.Equal(t, 4, strings.Count(out.String(), "\n"), "head, site, group, sum")
	require.Contains(t, out.String(), `the board of "\x1b[2J\n\t\u009b31m`)
}

func TestManyDevices(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.topic(t, "JNU_1_rasp", 2)
	all := make([]sent, 10_000)
	for i := range all {
		all[i] = sent{device: fmt.Sprintf("pi-%d", i), status: 2, seq: 1}
	}
	b.send(t, "JNU_1_rasp", all...)
	site := b.site(t)
	require.Len(t, site.Devices, 2*tailRecords, "those of the last records")
	require.Contains(t, site.Troubles[0], `" and 197 more is silent`)
}

const manyTopics = 100

// More partitions than one fetch may have, and one of them that is read in vain.
func TestManyTopics(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	for i := range manyTopics {
		name := fmt.Sprintf("s%d_1_x", i)
		require.NoError(t, b.Cluster().CreateTopic(name, 3, nil))
		require.NoError(t, b.producer.SendMessages([]*sarama.ProducerMessage{b.message(name, sent{device: "pi", seq: 1})}))
	}
	report := b.look(t)
	require.Len(t, report.Sites, manyTopics)
	require.True(t, report.OK())
}

// Of a damaged batch, the offsets are known.
func TestDamagedBatchHidesNoOtherTopic(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	for i := range 9 {
		b.topic(t, fmt.Sprintf("s%d_1_x", i), 1)
		b.send(t, fmt.Sprintf("s%d_1_x", i), readings(1, 3)...)
	}
	id := b.Cluster().TopicInfo("s4_1_x").TopicID
	damaged := make([]byte, 80)
	damaged[11], damaged[16], damaged[26] = 68, 2, 2 // the length, the format, and that of its three records; the checksum is wrong
	b.Cluster().ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		b.Cluster().KeepControl()
		fetch, _ := request.(*kmsg.FetchRequest)
		for _, topic := range fetch.Topics {
			if topic.TopicID == id {
				return damagedAnswer(fetch, id, damaged), nil, true
			}
		}
		return nil, nil, false
	})
	for _, site := range b.look(t).Sites {
		if site.Topic != "s4_1_x" {
			require.Empty(t, site.Troubles, site.Topic)
			continue
		}
		require.EqualValues(t, 3, site.Unreadable)
		require.Contains(t, fmt.Sprint(site.Troubles), "partition 0, offsets 0 to 2 cannot be read: encoded crc 0 does not match")
	}
}

func damagedAnswer(request *kmsg.FetchRequest, id [16]byte, batch []byte) kmsg.Response {
	answer, _ := request.ResponseKind().(*kmsg.FetchResponse)
	partition := kmsg.NewFetchResponseTopicPartition()
	partition.RecordBatches = batch
	topic := kmsg.NewFetchResponseTopic()
	topic.TopicID, topic.Partitions = id, []kmsg.FetchResponseTopicPartition{partition}
	answer.Topics = append(answer.Topics, topic)
	return answer
}
