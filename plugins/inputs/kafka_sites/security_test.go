package kafka_sites

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/hostile"
)

// Whoever answers in the brokers' place: the log says what is wrong, in time: half a minute, if nobody answers at all.
func TestStrangeBrokers(t *testing.T) {
	for _, broker := range hostile.Brokers(t) {
		t.Run(broker.Name, func(t *testing.T) {
			log := &testutil.CaptureLogger{}
			plugin := newPlugin(t, func(k *KafkaSites) {
				k.Brokers, k.TLSCA, k.Log = []string{broker.Address}, broker.CA, log
			})
			require.NoError(t, plugin.Init())
			t.Parallel() // from here on: Init sets the client library's log, for the whole process
			require.NoError(t, plugin.Start(&testutil.Accumulator{}))
			t.Cleanup(plugin.Stop)
			says := regexp.MustCompile(broker.Says)
			require.Eventually(t, func() bool { return slices.ContainsFunc(log.Errors(), says.MatchString) }, 90*time.Second, 20*time.Millisecond,
				"it says %q", log.Errors())
		})
	}
}
