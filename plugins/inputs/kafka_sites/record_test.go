package kafka_sites

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

func TestAgentMetric(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	produceReading(t, cluster, "pi", 0, time.Now(), map[string]string{record.HeaderHealth: `{"uptime":60,"memory":25000000,"of later":"x"}`})
	produceReading(t, cluster, "pi", 0, time.Now(), map[string]string{record.HeaderHealth: `{}`})
	c := newCentral(t, cluster, nil)
	metrics := c.next(t, 3)
	reading, agent := metrics[0], metrics[1]
	require.Equal(t, "environment", reading.Name())
	require.Equal(t, "kafka_sites_agent", agent.Name())
	require.Equal(t, map[string]string{"topic": "JNU_1_rasp", "device_id": "pi"}, agent.Tags())
	require.Equal(t, map[string]any{"uptime": int64(60), "memory": int64(25000000)}, agent.Fields())
	require.Equal(t, reading.Time(), agent.Time())
	require.Equal(t, "environment", metrics[2].Name(), "an empty header is not a metric")

	accept(reading, metrics[2])
	c.stop()
	require.EqualValues(t, -1, committed(t, cluster, "JNU_1_rasp"), "the agent metric is not delivered")
	again := newCentral(t, cluster, nil)
	accept(again.next(t, 3)...)
	requireCommitted(t, cluster, "JNU_1_rasp", 2)
}

func TestInvalidHealthHeader(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	for range 3 {
		produceReading(t, cluster, "pi", 0, time.Now(), map[string]string{record.HeaderHealth: `{"uptime":-1}`})
	}
	c := newCentral(t, cluster, nil)
	for _, m := range c.next(t, 3) {
		require.Equal(t, "environment", m.Name())
		accept(m)
	}
	requireCommitted(t, cluster, "JNU_1_rasp", 3)
	require.EqualValues(t, 3, c.plugin.counters.unreadableHealth.Get())
	require.Len(t, c.log.Warnings(), 1, "logged once")
	require.Contains(t, fmt.Sprint(c.log.Warnings()), `Record of topic JNU_1_rasp, partition 0, offset 0: header station-health: `+
		`"uptime" must be a whole number from 0 to 9223372036854775807 (got "-1"); its reading is used anyway`)
}

// A record of many lines costs no more than one reading, neither in the buffers of the outputs nor in the log.
func TestARecordIsOneReading(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	line := `{"device_id":"pi","status":0,"time":"2026-11-24T12:00:00Z","lat":1.0,"lon":2.0,"light":7}` + "\n"
	produceText(t, cluster, "JNU_1_rasp", strings.Repeat(line, 5000))
	produceText(t, cluster, "JNU_1_rasp", line+strings.Repeat("noise\n", 5000))
	produce(t, cluster, "JNU_1_rasp", 0, 1)
	c := newCentral(t, cluster, nil)
	accept(c.next(t, 3)...)
	requireCommitted(t, cluster, "JNU_1_rasp", 3)
	require.EqualValues(t, 9999, c.plugin.counters.unparsable.Get())
	require.Len(t, c.log.Errors(), 1)
	require.Less(t, len(c.log.Errors()[0]), 300)
	require.Contains(t, c.log.Errors()[0], "Record of topic JNU_1_rasp, partition 0, offset 0 has 5000 lines; only the first one is read")
}
