package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/eapache/go-resiliency/breaker.(*Breaker).timer"), // sarama's; stops after 10 s
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))       // one a process, of sarama's metrics
}

const firstEpoch, secondEpoch = "18eadc35f82ab769", "18eadc35f82ab76a"

// written is a record for a topic.
type written struct {
	device, epoch string
	seq           int
	skipped       string
	// value is another one than that of the number.
	value string
}

var begin = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func (w written) message(topic string) *sarama.ProducerMessage {
	value := w.value
	if value == "" {
		at := begin.Add(time.Duration(w.seq) * time.Second)
		value = fmt.Sprintf(`{"device_id":%q,"status":0,"time":%q}`, w.device, at.Format(time.RFC3339Nano))
	}
	message := &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(w.device), Value: sarama.StringEncoder(value)}
	for _, h := range [][2]string{{record.HeaderEpoch, w.epoch}, {record.HeaderSeq, fmt.Sprint(w.seq)}, {record.HeaderSkipped, w.skipped}} {
		if w.epoch != "" && h[1] != "" {
			message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte(h[0]), Value: []byte(h[1])})
		}
	}
	return message
}

func numbers(epoch string, seqs ...int) (all []written) {
	for _, seq := range seqs {
		all = append(all, written{device: "pi", epoch: epoch, seq: seq})
	}
	return all
}

// stage is a cluster with topics.
type stage struct {
	t       *testing.T
	cluster *kafka.Embedded
}

func newStage(t *testing.T) *stage {
	t.Helper()
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return &stage{t, cluster}
}

func (s *stage) write(topic string, records ...written) {
	s.t.Helper()
	if s.cluster.Cluster().TopicInfo(topic) == nil {
		require.NoError(s.t, s.cluster.Cluster().CreateTopic(topic, 1, nil))
	}
	config := stationkafka.NewToolConfig()
	config.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(s.cluster.Addresses(), config)
	require.NoError(s.t, err)
	for _, r := range records {
		_, _, err := producer.SendMessage(r.message(topic))
		require.NoError(s.t, err)
	}
	require.NoError(s.t, producer.Close())
}

func (s *stage) audit(topics ...string) (*Report, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	return Run(ctx, Options{Brokers: s.cluster.Addresses(), Topics: topics, Pattern: regexp.MustCompile(`^[^_]+_[^_]+_[^_]+$`)})
}

func (s *stage) device(topic string) Device {
	s.t.Helper()
	report, err := s.audit(topic)
	require.NoError(s.t, err)
	require.Len(s.t, report.Topics, 1)
	require.Len(s.t, report.Topics[0].Devices, 1)
	return report.Topics[0].Devices[0]
}

func TestWhatAnAuditFinds(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.write("good_1_rasp", numbers(firstEpoch, 1, 2, 3, 4)...)
	d := s.device("good_1_rasp")
	require.Equal(t, Device{
		ID: "pi", Records: 4, Newest: begin.Add(4 * time.Second), Epochs: []Epoch{{Name: firstEpoch, First: 1, Last: 4}},
	}, d)

	s.write("lost_1_rasp", append(numbers(firstEpoch, 1, 3, 6, 9), numbers(secondEpoch, 2)...)...)
	d = s.device("lost_1_rasp")
	require.EqualValues(t, 6, d.Lost)
	require.Equal(t, []record.Range{{From: 2, To: 2}, {From: 4, To: 5}, {From: 7, To: 8}}, d.Epochs[0].Lost)
	require.Equal(t, []record.Range{{From: 1, To: 1}}, d.Epochs[1].Lost)

	s.write("moved_1_rasp", numbers(firstEpoch, 5000, 5001, 5003)...)
	d = s.device("moved_1_rasp")
	require.EqualValues(t, 4999, d.Earlier)
	require.Equal(t, []record.Range{{From: 5002, To: 5002}}, d.Epochs[0].Lost)

	s.write("replayed_1_rasp", append(append(numbers(firstEpoch, 1, 4), written{device: "pi", epoch: secondEpoch, seq: 2, skipped: "parked=1;epoch=" + firstEpoch + ";parked=2-3,6;dropped=5"}),
		append(numbers(firstEpoch, 2), numbers(secondEpoch, 1)...)...)...)
	d = s.device("replayed_1_rasp")
	require.Equal(t, []int64{2, 1, 0, 0}, []int64{d.Parked, d.Dropped, d.Lost, d.OutOfOrder})
	require.Equal(t, []record.Range{{From: 3, To: 3}, {From: 6, To: 6}}, d.Epochs[0].Parked)

	s.write("discarded_1_rasp", append(numbers(firstEpoch, 1), written{device: "pi", epoch: firstEpoch, seq: 5, skipped: "parked=2-4;dropped=3"})...)
	d = s.device("discarded_1_rasp")
	require.Equal(t, []int64{2, 1, 0}, []int64{d.Parked, d.Dropped, d.Lost})

	s.write("repeated_1_rasp", numbers(firstEpoch, 1, 2, 3, 2, 3, 4)...)
	d = s.device("repeated_1_rasp")
	require.EqualValues(t, 2, d.Repeated)
	require.Zero(t, d.Lost+d.OutOfOrder+d.Conflicts)

	s.write("conflict_1_rasp", append(numbers(firstEpoch, 1, 2), written{device: "pi", epoch: firstEpoch, seq: 2, value: `{"time":"2026-11-24T12:00:02Z","light":1}`})...)
	d = s.device("conflict_1_rasp")
	require.EqualValues(t, 1, d.Conflicts)

	s.write("disorder_1_rasp", numbers(firstEpoch, 1, 3, 2, 4)...)
	d = s.device("disorder_1_rasp")
	require.EqualValues(t, 1, d.OutOfOrder)
	require.Zero(t, d.Lost+d.Repeated)

	s.write("epochs_1_rasp", append(numbers(firstEpoch, 1, 2, 3), numbers(secondEpoch, 1, 2)...)...)
	d = s.device("epochs_1_rasp")
	require.Len(t, d.Epochs, 2)
	require.Zero(t, d.Lost+d.Repeated+d.OutOfOrder)

	s.write("back_1_rasp", append(numbers(secondEpoch, 1), numbers(firstEpoch, 1)...)...)
	require.EqualValues(t, 1, s.device("back_1_rasp").OutOfOrder)

	s.write("skipped_1_rasp", append(numbers(firstEpoch, 1), written{device: "pi", epoch: firstEpoch, seq: 7, skipped: "parked=2,4;dropped=5-6"})...)
	d = s.device("skipped_1_rasp")
	require.EqualValues(t, 2, d.Parked)
	require.EqualValues(t, 2, d.Dropped)
	require.Equal(t, []record.Range{{From: 3, To: 3}}, d.Epochs[0].Lost)
}

func TestRetentionIsNoLoss(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.write("old_1_rasp", numbers(firstEpoch, 1, 2, 3, 4, 6)...)
	s.deleteRecords("old_1_rasp", 0, 2)
	d := s.device("old_1_rasp")
	require.EqualValues(t, 1, d.Lost)
	require.EqualValues(t, 3, d.Records)
}

func TestForeignRecords(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.write("mixed_1_rasp", written{device: "other", value: "{}"}, written{device: "pi", epoch: firstEpoch, seq: 1})
	report, err := s.audit("mixed_1_rasp")
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Topics[0].Foreign)
	require.True(t, report.OK())
	s.write("mixed_1_rasp", written{device: "pi", epoch: firstEpoch, seq: 2, value: "no JSON"})
	report, err = s.audit("mixed_1_rasp")
	require.NoError(t, err)
	require.False(t, report.OK())
	require.Zero(t, report.Lost(), "it has arrived")
	var text bytes.Buffer
	require.NoError(t, report.Write(&text))
	require.Contains(t, text.String(), "mixed_1_rasp: 1 records without our headers, 1 unreadable\n")
}

func TestDevicesAndPartitionsAndEmptyTopics(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.NoError(t, s.cluster.Cluster().CreateTopic("JNU_1_rasp", 4, nil))
	require.NoError(t, s.cluster.Cluster().CreateTopic("GIST_1_rasp", 1, nil))
	require.NoError(t, s.cluster.Cluster().CreateTopic("other", 1, nil))
	var records []written
	for seq := 1; seq <= 20; seq++ {
		for _, device := range []string{"a", "b", "c", "d", "e"} {
			records = append(records, written{device: device, epoch: firstEpoch, seq: seq})
		}
	}
	s.write("JNU_1_rasp", records...)
	report, err := s.audit()
	require.NoError(t, err)
	require.True(t, report.OK())
	require.EqualValues(t, 100, report.Records())
	require.Len(t, report.Topics, 2)
	require.Equal(t, "GIST_1_rasp", report.Topics[0].Name)
	require.Len(t, report.Topics[1].Devices, 5)
	text, err := json.Marshal(report)
	require.NoError(t, err)
	require.Contains(t, string(text), `"device_id":"e","records":20,"lost":0`)
	report, err = Run(t.Context(), Options{Brokers: s.cluster.Addresses()})
	require.NoError(t, err)
	require.Len(t, report.Topics, 2, "the pattern is the default one")
	report, err = s.audit("JNU_1_rasp", "GIST_1_rasp", "JNU_1_rasp")
	require.NoError(t, err)
	require.Len(t, report.Topics, 2, "a name that is given twice is one")
	require.EqualValues(t, 100, report.Records())
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, err := s.audit("nowhere_1_rasp")
	require.ErrorContains(t, err, `topic "nowhere_1_rasp": `)
	require.Nil(t, s.cluster.Cluster().TopicInfo("nowhere_1_rasp"))
	_, err = s.audit()
	require.ErrorContains(t, err, "no topic matches")
	_, err = Run(t.Context(), Options{Brokers: []string{"127.0.0.1:1"}, Topics: []string{"JNU_1_rasp"}})
	require.ErrorContains(t, err, "connection refused")
}

// fakeStore has the times that it is given.
type fakeStore []time.Time

func (fakeStore) Since(context.Context) (time.Time, error) { return begin, nil }

func (f fakeStore) Times(_ context.Context, _, _ string, _, _ time.Time, each func(int64)) error {
	for _, at := range f {
		each(at.UnixNano())
	}
	return nil
}

func TestTheStoreIsCompared(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.write("JNU_1_rasp", numbers(firstEpoch, 1, 2, 3, 4, 5, 5)...)
	second := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second) }
	report, err := Run(t.Context(), Options{
		Brokers: s.cluster.Addresses(), Topics: []string{"JNU_1_rasp"}, Store: fakeStore{second(1), second(3), second(3), second(3), second(4)},
	})
	require.NoError(t, err)
	require.EqualValues(t, 2, report.Missing())
	require.EqualValues(t, 1, report.Doubled(), "three points of one time")
	require.False(t, report.OK())
	require.Equal(t, []time.Time{second(2), second(5)}, report.Topics[0].Devices[0].MissingTimes)
	var text bytes.Buffer
	require.NoError(t, report.Write(&text))
	require.Contains(t, text.String(), "JNU_1_rasp, pi: 2026-11-24T12:00:05Z is not in InfluxDB\n")
	require.True(t, strings.HasSuffix(text.String(), "6 records, 0 lost, 1 repeated, 0 conflicts, 0 out of order, 2 not in InfluxDB, 1 twice\n"))
}
