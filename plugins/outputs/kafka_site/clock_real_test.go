//go:build real

package kafka_site

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// TestRealClocks has real Kafka, which looks at the time, take the records of clocks that are wrong: in a topic that the plugin makes, and
// in one that keeps the sender's time.
func TestRealClocks(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cluster, err := kafka.StartReal(ctx, kafka.Options{Brokers: 1, Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	admin, err := sarama.NewClusterAdmin(cluster.Addresses(), sarama.NewConfig())
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()

	for name, clock := range map[string]time.Time{
		"of 1970": time.Unix(40, 0), "two hours ahead": time.Now().Add(2 * time.Hour), "right": time.Now(),
	} {
		for kind, create := range map[string]bool{"made": true, "CreateTime": false} {
			t.Run(name+" "+kind, func(t *testing.T) {
				site := fmt.Sprintf("clock-%d-%s", clock.Year(), kind)
				if name == "two hours ahead" {
					site += "-ahead"
				}
				if !create {
					require.NoError(t, admin.CreateTopic(site+"_1_rasp", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false))
				}
				log := sendAt(t, cluster.Addresses(), site, clock)
				records, err := kafka.Records(ctx, cluster.Addresses(), site+"_1_rasp")
				require.NoError(t, err)
				require.Len(t, records, 5)
				for i, record := range records {
					require.Equal(t, fmt.Sprint(i+1), record.Headers["station-seq"])
					if create {
						require.WithinDuration(t, time.Now(), record.Time, time.Minute, "the broker's clock")
					}
				}
				if name == "two hours ahead" && !create {
					require.Contains(t, fmt.Sprint(log.Messages()), "the clock of this machine or of the broker is wrong")
				}
			})
		}
	}
}

// sendAt writes five records with a clock of its own.
func sendAt(t *testing.T, brokers []string, site string, clock time.Time) *testutil.CaptureLogger {
	t.Helper()
	began := time.Now()
	b := newDurable(t, brokers, t.TempDir(), func(k *KafkaSite) {
		k.clock = func() time.Time { return clock.Add(time.Since(began)) }
	})
	for i := range 5 {
		b.deliver(reading(site, "pi", i))
	}
	requireDrained(t, b)
	b.output.Close()
	return b.log
}
