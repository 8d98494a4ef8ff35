package kafka_sites

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/hostile"
)

// Whatever responds instead of a broker, the log names the problem.
func TestHostileBrokers(t *testing.T) {
	t.Parallel()
	for _, broker := range hostile.Brokers(t) {
		t.Run(broker.Name, func(t *testing.T) {
			t.Parallel()
			log := &testutil.CaptureLogger{}
			plugin := newPlugin(t, func(k *KafkaSites) {
				k.Brokers, k.TLSCA, k.Log = []string{broker.Address}, broker.CA, log
			})
			require.NoError(t, plugin.Init())
			if strings.HasPrefix(broker.Name, "silence") {
				plugin.lister.config.Net.ReadTimeout = time.Second
			}
			require.NoError(t, plugin.Start(&testutil.Accumulator{}))
			t.Cleanup(plugin.Stop)
			says := regexp.MustCompile(broker.Says)
			require.Eventually(t, func() bool { return slices.ContainsFunc(log.Errors(), says.MatchString) }, 90*time.Second, 20*time.Millisecond,
				"it says %q", log.Errors())
		})
	}
}
