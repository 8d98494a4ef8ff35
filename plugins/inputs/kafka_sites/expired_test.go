package kafka_sites

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
)

func deleteBefore(t *testing.T, cluster *kfake.Cluster, topic string, offset int64) {
	t.Helper()
	offsets := make(kadm.Offsets)
	offsets.AddOffset(topic, 0, offset, -1)
	_, err := newAdmin(t, cluster).DeleteRecords(t.Context(), offsets)
	require.NoError(t, err)
}

// What retention deleted while the central Telegraf was stopped is lost, and that is reported, whether newer records are left or not.
func TestExpiredRecordsAreReported(t *testing.T) {
	t.Parallel()
	for left, want := range map[int]string{
		5: "Kafka deleted 5 records of topic JNU_1_rasp, partition 0, offsets 10 to 14, before they were read",
		0: "Kafka deleted 10 records of topic JNU_1_rasp, partition 0, offsets 10 to 19, before they were read",
	} {
		t.Run(fmt.Sprint(left), func(t *testing.T) {
			t.Parallel()
			cluster := newCluster(t)
			produce(t, cluster, "JNU_1_rasp", 0, 10)
			c := newCentral(t, cluster, nil)
			c.acceptAll(t, "JNU_1_rasp", 10)
			requireCommitted(t, cluster, "JNU_1_rasp", 10)
			c.stop()
			produce(t, cluster, "JNU_1_rasp", 10, 20)
			deleteBefore(t, cluster, "JNU_1_rasp", int64(20-left))

			again := newCentral(t, cluster, nil)
			accept(again.next(t, left)...)
			require.Eventually(t, func() bool {
				metric := again.gather(t)["JNU_1_rasp"]
				return metric != nil && metric.Fields()["expired"] == int64(10-left)
			}, time.Minute, 10*time.Millisecond)
			require.Contains(t, fmt.Sprint(again.log.Errors()), want)
			require.EqualValues(t, 10-left, again.plugin.counters.expired.Get())
			produce(t, cluster, "JNU_1_rasp", 20, 30)
			accept(again.next(t, 10)...)
			require.EqualValues(t, 10-left, again.plugin.counters.expired.Get(), "counted once")
		})
	}
}
