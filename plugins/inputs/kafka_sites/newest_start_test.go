package kafka_sites

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
)

// offset = "newest" skips what the topics hold when the group starts for the first time. Later sites and partitions are read from their beginning.
func TestNewestSkipsOnlyWhatWasThere(t *testing.T) {
	t.Parallel()
	newest := func(k *KafkaSites) { k.Offset = "newest" }
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	produceReading(t, cluster, "skipped", 0, time.Now(), nil)
	c := newCentral(t, cluster, newest)
	requireCommitted(t, cluster, "JNU_1_rasp", 1)
	produceReading(t, cluster, "first", 0, time.Now(), nil)
	requireDevices(t, c, "first")

	produce(t, cluster, "GIST_1_rasp", 0, 5) // before it is listed
	c.acceptAll(t, "GIST_1_rasp", 5)
	_, err := newAdmin(t, cluster).UpdatePartitions(t.Context(), 2, "JNU_1_rasp")
	require.NoError(t, err)
	produceReading(t, cluster, "second", 1, time.Now(), nil)
	requireDevices(t, c, "second")
	requireCommitted(t, cluster, "JNU_1_rasp", 2)
	c.stop()

	produceReading(t, cluster, "while stopped", 0, time.Now(), nil)
	produce(t, cluster, "KAIST_1_rasp", 0, 5)
	again := newCentral(t, cluster, newest)
	seen := make(map[string]int)
	for _, m := range again.next(t, 6) {
		device, _ := m.GetTag("device_id")
		seen[device]++
		m.Accept()
	}
	require.Equal(t, 1, seen["while stopped"])
}

// A group that starts before there is any topic skips nothing.
func TestNewestWithoutTopicsSkipsNothing(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	c := newCentral(t, cluster, func(k *KafkaSites) { k.Offset = "newest" })
	c.requireLogged(t, "No topic matches topic_regexps yet")
	produce(t, cluster, "JNU_1_rasp", 0, 5)
	c.acceptAll(t, "JNU_1_rasp", 5)
}

func (c *central) requireLogged(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(fmt.Sprint(c.log.Messages()), text) }, time.Minute, 10*time.Millisecond)
}

func requireDevices(t *testing.T, c *central, devices ...string) {
	t.Helper()
	for _, want := range devices {
		m := c.next(t, 1)[0]
		device, _ := m.GetTag("device_id")
		require.Equal(t, want, device)
		m.Accept()
	}
}
