package kafka_sites

import (
	"fmt"
	"strings"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"
)

func TestOffsetsAreCommittedInOrderAndAfterDelivery(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 6)
	c := newCentral(t, cluster, nil)
	metrics := c.next(t, 6)
	require.Equal(t, []string{
		"JNU_1_rasp/0/0", "JNU_1_rasp/0/1", "JNU_1_rasp/0/2", "JNU_1_rasp/0/3", "JNU_1_rasp/0/4", "JNU_1_rasp/0/5",
	}, sources(metrics))

	accept(metrics[0], metrics[1], metrics[3])
	requireCommitted(t, cluster, "JNU_1_rasp", 2)
	metrics[2].Drop() // a processor filtered it: not a rejection
	requireCommitted(t, cluster, "JNU_1_rasp", 4)
	accept(metrics[5])
	c.stop()
	require.EqualValues(t, 4, committed(t, cluster, "JNU_1_rasp"), "record 4 is not delivered")

	again := newCentral(t, cluster, nil)
	require.Equal(t, []string{"JNU_1_rasp/0/4", "JNU_1_rasp/0/5"}, sources(again.next(t, 2)))
}

// kafka_consumer commits it immediately, and with it all earlier records, which InfluxDB does not have.
func TestUnparsableRecordIsCommittedInItsTurn(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 2)
	produceText(t, cluster, "JNU_1_rasp", "not a record")
	produceText(t, cluster, "JNU_1_rasp", "neither")
	require.NoError(t, cluster.CreateTopic("GIST_1_rasp", 1, nil))
	produceText(t, cluster, "GIST_1_rasp", strings.Repeat("x", 101))
	produce(t, cluster, "JNU_1_rasp", 2, 3)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.MaxMessageLen = 100 })
	metrics := c.next(t, 3)
	accept(metrics[0])
	requireCommitted(t, cluster, "JNU_1_rasp", 1)
	accept(metrics[2])
	c.stop()
	require.EqualValues(t, 1, committed(t, cluster, "JNU_1_rasp"))
	require.EqualValues(t, 3, c.plugin.counters.unparsable.Get())
	log := fmt.Sprint(c.log.Errors())
	require.Contains(t, log, `Record of topic JNU_1_rasp, partition 0, offset 2 skipped: not a record of schema "environment"`)
	require.Contains(t, log, "Record of topic GIST_1_rasp, partition 0, offset 0 skipped: message exceeds max_message_len (actual 101, max 100)")
	require.Len(t, c.log.Errors(), 2, "logged once per topic")

	again := newCentral(t, cluster, nil)
	accept(again.next(t, 2)...)
	requireCommitted(t, cluster, "JNU_1_rasp", 5)
}

func TestRejectedRecordIsReread(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 3)
	produce(t, cluster, "GIST_1_rasp", 0, 1)
	c := newCentral(t, cluster, nil)
	for _, m := range c.next(t, 4) {
		if sources([]telegraf.Metric{m})[0] == "JNU_1_rasp/0/1" {
			m.Reject()
		} else {
			m.Accept()
		}
	}
	requireCommitted(t, cluster, "GIST_1_rasp", 1)
	requireCommitted(t, cluster, "JNU_1_rasp", 1)
	metrics := c.next(t, 2)
	require.Equal(t, []string{"JNU_1_rasp/0/1", "JNU_1_rasp/0/2"}, sources(metrics))
	metrics[0].Reject() // again
	metrics[1].Reject()
	metrics = c.next(t, 2)
	require.Equal(t, []string{"JNU_1_rasp/0/1", "JNU_1_rasp/0/2"}, sources(metrics))
	accept(metrics...)
	requireCommitted(t, cluster, "JNU_1_rasp", 3)
	require.EqualValues(t, 2, c.plugin.counters.rejected.Get())
	require.Len(t, c.log.Errors(), 1, "logged once while rejections last")
	require.Contains(t, c.log.Errors()[0], "the outputs dropped the record of topic JNU_1_rasp, partition 0, offset 1; "+
		"rereading from the committed offsets in 50ms, at most ")
}

func TestStopCommitsDeliveredRecords(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	produce(t, cluster, "JNU_1_rasp", 0, 6)
	c := newCentral(t, cluster, nil)
	accept(c.next(t, 6)...)
	c.stop()
	require.EqualValues(t, 6, committed(t, cluster, "JNU_1_rasp"))
}
