package audit

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

func TestRetentionIsTold(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.write("old_1_rasp", numbers(firstEpoch, 1, 2, 3, 4)...)
	require.False(t, s.device("old_1_rasp").Epochs[0].BeginDeleted)
	admin, err := sarama.NewClusterAdmin(s.cluster.Addresses(), stationkafka.NewToolConfig())
	require.NoError(t, err)
	require.NoError(t, admin.DeleteRecords("old_1_rasp", map[int32]int64{0: 2}))
	require.NoError(t, admin.Close())
	report, err := s.audit("old_1_rasp")
	require.NoError(t, err)
	require.Zero(t, report.Lost())
	require.True(t, report.Topics[0].Devices[0].Epochs[0].BeginDeleted)
	var text bytes.Buffer
	require.NoError(t, report.Write(&text))
	require.Contains(t, text.String(), "epoch "+firstEpoch+": begins at 3; retention has deleted the records before it, which are not checked\n")
}

func TestATopicThatCannotBeReadHidesNoOther(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.write("JNU_1_rasp", numbers(firstEpoch, 1, 3)...)
	report, err := s.audit("JNU_1_rasp", "nowhere_1_rasp")
	require.ErrorContains(t, err, `topic "nowhere_1_rasp": `)
	require.Len(t, report.Topics, 1, "only what could be read")
	require.EqualValues(t, 1, report.Lost())
}

func TestJSON(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.NoError(t, s.cluster.Cluster().CreateTopic("GIST_1_rasp", 1, nil))
	s.write("JNU_1_rasp", append(numbers(firstEpoch, 1), written{device: "pi", epoch: firstEpoch, seq: 7, skipped: "parked=2,4;dropped=5-6"})...)
	report, err := s.audit()
	require.NoError(t, err)
	text, err := json.Marshal(report)
	require.NoError(t, err)
	require.Contains(t, string(text), `"devices":[]`)
	require.Contains(t, string(text), `"lost":[{"from":3,"to":3}],"parked":[{"from":2,"to":2},{"from":4,"to":4}],"dropped":[{"from":5,"to":6}],"begin_deleted":false`)
}

func TestTimesAreKeptOnlyForAStore(t *testing.T) {
	t.Parallel()
	for _, compared := range []bool{false, true} {
		s := newSeries(compared)
		s.add(&entry{position: position{firstEpoch, 1}, value: []byte("x"), time: begin, whole: true})
		require.Equal(t, compared, len(s.times) == 1)
		require.Equal(t, []record.Range{{From: 1, To: 1}}, []record.Range(s.epochs[firstEpoch].seen))
	}
}
