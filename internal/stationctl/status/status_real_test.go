//go:build real

package status

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	testkafka "github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// A thousand sites, each with more records than are read, and each record in a batch of its own, as stations send them.
func TestRealKafkaWithAThousandSites(t *testing.T) {
	const sites, records = 1000, tailRecords + 10
	brokers, err := testkafka.StartReal(t.Context(), testkafka.Options{Brokers: 3, Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, brokers.Close()) })
	makeTopics(t, brokers.Addresses(), sites)
	fill(t, brokers.Addresses(), sites, records)
	program := filepath.Join(t.TempDir(), "stationctl")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../../cmd/stationctl").CombinedOutput() //nolint:gosec // a folder of the test's
	require.NoError(t, err, string(output))
	for range 5 {
		report := runProgram(t, program, brokers.Addresses())
		require.Len(t, report.Sites, sites)
		for _, site := range report.Sites {
			require.Empty(t, site.Troubles, site.Topic)
			require.Len(t, site.Devices, 1)
			require.EqualValues(t, records, *site.Lag)
			require.InDelta(t, 60, site.PerMinute, 1)
		}
	}
}

// runProgram also logs its time: a busy machine must not fail the test. The program keeps watching until its memory has been measured:
// that of a program that has ended counts what the test had when it was started.
func runProgram(t *testing.T, program string, addresses []string) *Report {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, "status", "--json", "--watch=1h", "--silent-after=1h", "--brokers", strings.Join(addresses, ",")) //nolint:gosec // what was built
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	begin := time.Now()
	require.NoError(t, command.Start())
	report := &Report{}
	require.NoError(t, json.NewDecoder(output).Decode(report))
	took := time.Since(begin)
	memory, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid))
	require.NoError(t, err)
	require.NoError(t, command.Process.Signal(os.Interrupt))
	err = command.Wait()
	require.NoError(t, err, "%v", firstTrouble(report))
	cpu := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	t.Logf("took %s, %s of CPU, at most %s of memory", took, cpu, regexp.MustCompile(`VmHWM:\s*(.*)`).FindSubmatch(memory)[1])
	require.Less(t, took, 30*time.Second)
	return report
}

func firstTrouble(report *Report) []string {
	for _, site := range report.Sites {
		if len(site.Troubles) > 0 {
			return append(site.Troubles, site.Topic)
		}
	}
	return []string{report.GroupTrouble}
}

func makeTopics(t *testing.T, addresses []string, sites int) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(addresses, stationkafka.NewToolConfig())
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
	config := stationkafka.NewToolConfig()
	config.Producer.Return.Successes = true
	config.Producer.Idempotent, config.Producer.RequiredAcks, config.Net.MaxOpenRequests = true, sarama.WaitForAll, 1
	config.Metadata.Retry.Max, config.Producer.Retry.Max = 20, 20 // brokers know new topics a little later than the controller
	producer, err := sarama.NewSyncProducer(addresses, config)
	require.NoError(t, err)
	defer func() { require.NoError(t, producer.Close()) }()
	b := &bed{now: time.Now()}
	for record := range records {
		messages := make([]*sarama.ProducerMessage, sites)
		for i := range sites {
			s := sent{device: "pi", seq: int64(record) + 1, age: time.Duration(records-record) * time.Second}
			if record%50 == 0 {
				s.health = `{"uptime":100,"parked":0,"outbox_records":0}`
			}
			messages[i] = b.message(topicOf(i), s)
		}
		require.NoError(t, producer.SendMessages(messages))
	}
}
