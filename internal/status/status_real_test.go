//go:build real

package status

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/audit"
	testkafka "github.com/telegraf-station/telegraf-station/test/kafka"
)

// A thousand sites, each with more records than are read, and each record in a batch of its own, as stations send them.
func TestRealKafkaWithAThousandSites(t *testing.T) {
	const sites, records = 1000, tailRecords + 10
	brokers, err := testkafka.StartReal(t.Context(), testkafka.Options{Brokers: 3, Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, brokers.Close()) })
	makeTopics(t, brokers.Addresses(), sites)
	fill(t, brokers.Addresses(), sites, records)
	for range 3 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begin := time.Now()
		report, err := Run(t.Context(), options(brokers.Addresses()))
		took := time.Since(begin)
		require.NoError(t, err)
		runtime.ReadMemStats(&after)
		t.Logf("%d sites of %d records: %s, %d MB allocated, %d MB of the system", sites, records, took, (after.TotalAlloc-before.TotalAlloc)>>20, after.Sys>>20)
		require.Less(t, took, 30*time.Second)
		require.Len(t, report.Sites, sites)
		for _, site := range report.Sites {
			require.Empty(t, site.Troubles, site.Topic)
			require.Len(t, site.Devices, 1)
			require.EqualValues(t, records, *site.Lag)
			require.InDelta(t, 60, site.PerMinute, 1)
		}
	}
}

func makeTopics(t *testing.T, addresses []string, sites int) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(addresses, audit.NewConfig())
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	var making sync.WaitGroup
	errs, slots := make([]error, sites), make(chan struct{}, 8)
	for i := range sites {
		slots <- struct{}{}
		making.Go(func() {
			errs[i] = admin.CreateTopic(topicOf(i), &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false)
			<-slots
		})
	}
	making.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

func topicOf(site int) string { return fmt.Sprintf("site%d_1_rasp", site) }

func fill(t *testing.T, addresses []string, sites, records int) {
	t.Helper()
	config := audit.NewConfig()
	config.Producer.Return.Successes = true
	config.Metadata.Retry.Max, config.Producer.Retry.Max = 20, 20 // brokers know new topics a little later than the controller
	producer, err := sarama.NewSyncProducer(addresses, config)
	require.NoError(t, err)
	defer func() { require.NoError(t, producer.Close()) }()
	b := &bed{now: time.Now().Add(time.Minute)} // of the last reading: filling takes a while
	for record := range records {
		messages := make([]*sarama.ProducerMessage, sites)
		for i := range sites {
			messages[i] = b.message(topicOf(i), sent{device: "pi", seq: record + 1, age: time.Duration(records-record) * time.Second, health: `{"parked":0}`})
		}
		require.NoError(t, producer.SendMessages(messages))
	}
}
