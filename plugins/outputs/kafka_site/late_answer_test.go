package kafka_site

import (
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
)

// With "on_failure", a broker that hangs costs only what arrived within defaultLateAnswer, not within write_timeout.
func TestALateAnswerSendsReadingsToDisk(t *testing.T) {
	t.Parallel()
	cluster, release := newHangingCluster(t)
	dir := t.TempDir()
	b := newDurable(t, cluster.ListenAddrs(), dir, func(k *KafkaSite) {
		k.Durability, k.WriteTimeout = "on_failure", config.Duration(time.Hour)
	})
	b.deliver(readings("JNU", 3)...)
	require.EqualValues(t, 3, pendingIn(b))
	b.deliver(readings("JNU", 2)...)
	require.EqualValues(t, 5, pendingIn(b))
	release()
	requireDrained(t, b)
	require.Equal(t, []int{0, 1, 2, 0, 1}, lights(t, consume(t, cluster, "JNU_1_rasp", 5)))
}
