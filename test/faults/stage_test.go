//go:build real

package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
	"github.com/telegraf-station/telegraf-station/test/bed/faultproxy"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

func TestMain(m *testing.M) {
	ChildMain()
	os.Exit(m.Run())
}

// long reports whether this is the long form, `make faults`.
func long() bool { return os.Getenv("FAULTS") == "long" }

// stage is three brokers, each behind a proxy.
type stage struct {
	*testing.T
	kafka   *kafka.Real
	proxies []*faultproxy.Proxy
	results *Results
	// disk is the small broker's.
	disk string
	// points are what a central Telegraf writes; nil: there is none.
	points audit.Store
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, results: &Results{}}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var err error
	s.kafka, err = kafka.StartReal(ctx, kafka.Options{Dir: t.TempDir(), Log: os.Stderr, Data: s.smallDisk, Authorize: true, Proxy: func(broker string) (string, error) {
		proxy, err := faultproxy.Start(broker)
		if err != nil {
			return "", err
		}
		s.proxies = append(s.proxies, proxy)
		return proxy.Address(), nil
	}})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, s.kafka.Close())
		for _, proxy := range s.proxies {
			require.NoError(t, proxy.Close())
		}
	})
	return s
}

// smallBroker is the broker with a disk of its own, of smallSize.
const (
	smallBroker = 2
	smallSize   = "mode=1777,size=400m"
)

// smallDisk is where the small broker keeps its records.
func (s *stage) smallDisk(node int, dir string) error {
	if node != smallBroker {
		return nil
	}
	s.disk = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	mount(s, dir, smallSize)
	return nil
}

// in is the stage for a subtest. What one leaves behind does not fail the next.
func (s *stage) in(t *testing.T) *stage {
	t.Cleanup(func() {
		s.all(func(p *faultproxy.Proxy) {
			p.Down(false)
			p.Hold(false)
			p.Slow(0, 0)
			p.LoseAcks(0)
		})
	})
	return &stage{T: t, kafka: s.kafka, proxies: s.proxies, results: s.results, disk: s.disk, points: s.points}
}

// station starts one at a site of its own.
func (s *stage) station(site string, change func(*kafka_site.KafkaSite)) (*Station, *testutil.CaptureLogger) {
	s.Helper()
	log := &testutil.CaptureLogger{}
	station := &Station{Site: site, Device: "pi", Dir: s.TempDir(), Brokers: s.addresses(), Change: change, Log: log}
	require.NoError(s, station.Start())
	s.Cleanup(func() { station.Stop() })
	return station, log
}

// fleet is n sites with a station each, which share an output.
func (s *stage) fleet(site string, n int, change func(*kafka_site.KafkaSite)) ([]*Station, *testutil.CaptureLogger) {
	s.Helper()
	shared, log := s.station(site+"0", change)
	stations := []*Station{shared}
	for i := 1; i < n; i++ {
		stations = append(stations, &Station{Site: fmt.Sprintf("%s%d", site, i), Device: "pi", Dir: shared.Dir, output: shared.output})
	}
	return stations, log
}

// rounds has each station of a fleet read n times, in turn.
func (s *stage) rounds(stations []*Station, n int) {
	s.Helper()
	for range n {
		for _, station := range stations {
			require.NoError(s, station.Read(1))
		}
	}
}

// writing is a station that has written to its topic.
func (s *stage) writing(site string) (*Station, *testutil.CaptureLogger) {
	s.Helper()
	station, log := s.station(site, nil)
	require.NoError(s, station.Read(10))
	s.drained(station, time.Minute)
	return station, log
}

func (s *stage) addresses() (all []string) {
	if len(s.proxies) == 0 {
		return s.kafka.Addresses()
	}
	for _, proxy := range s.proxies {
		all = append(all, proxy.Address())
	}
	return all
}

// all does something to each proxy.
func (s *stage) all(do func(*faultproxy.Proxy)) {
	for _, proxy := range s.proxies {
		do(proxy)
	}
}

// reading has a station read while something is done, a hundred times a second at most.
func (s *stage) reading(station *Station, during func()) {
	s.Helper()
	stop, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				failed <- nil
				return
			case <-time.After(10 * time.Millisecond):
				if err := station.Read(1); err != nil {
					failed <- err
					return
				}
			}
		}
	}()
	during()
	close(stop)
	require.NoError(s, <-failed)
}

// drained waits until nothing is left on disk.
func (s *stage) drained(station *Station, limit time.Duration) {
	s.Helper()
	require.Eventually(s, func() bool {
		state, err := outbox.Inspect(station.Outbox())
		return err == nil && len(state.Topics) == 0
	}, limit, 20*time.Millisecond, "the outbox is not drained")
}

// verify audits topics and adds the result: every accepted reading once, in order, and no more repeats than allowed.
func (s *stage) verify(fault, expected string, repeats int64, stations ...*Station) *audit.Report {
	s.Helper()
	topics, accepted := make([]string, 0, len(stations)), int64(0)
	seen := make(map[string]bool)
	for _, station := range stations {
		accepted += int64(station.accepted)
		if !seen[station.Topic()] {
			topics = append(topics, station.Topic())
		}
		seen[station.Topic()] = true
	}
	report := s.audit(topics...)
	s.results.Add(Result{
		Fault: fault, Expected: expected, Seen: verdict(report), Records: report.Records(), Lost: report.Lost() + report.Missing(),
		Repeated: report.Repeated(), Stall: s.stall(topics[0]),
	})
	require.True(s, report.OK(), "%s: %+v", verdict(report), report)
	require.LessOrEqual(s, report.Repeated(), repeats, "repeats")
	require.Equal(s, accepted, report.Records()-report.Repeated()+report.Parked(), "accepted readings and records")
	return report
}

func verdict(report *audit.Report) string {
	if report.OK() {
		return "all in Kafka, in order, and once in InfluxDB"
	}
	return fmt.Sprintf("%d lost, %d conflicts, %d out of order, %d unreadable, %d not in InfluxDB, %d duplicates",
		report.Lost(), report.Conflicts(), report.OutOfOrder(), report.Unreadable(), report.Missing(), report.Doubled())
}

// stall is the longest time from a reading to its append; Kafka's timestamps are the brokers'.
func (s *stage) stall(topic string) (longest time.Duration) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	records, err := kafka.Records(ctx, s.kafka.Addresses(), topic)
	require.NoError(s, err)
	for _, record := range records {
		var value struct{ Time time.Time }
		require.NoError(s, json.Unmarshal(record.Value, &value))
		longest = max(longest, record.Time.Sub(value.Time))
	}
	if longest > time.Hour { // readings of another time
		return 0
	}
	return longest
}

// leader is the broker that leads a topic's partition 0.
func (s *stage) leader(topic string) int {
	s.Helper()
	client := s.client()
	defer client.Close() //nolint:errcheck // it was only asked
	leader, err := client.Leader(topic, 0)
	require.NoError(s, err)
	return int(leader.ID())
}

func (s *stage) client() sarama.Client {
	s.Helper()
	config := stationkafka.NewToolConfig()
	config.Metadata.Retry.Max = 60
	config.Metadata.Retry.Backoff = 500 * time.Millisecond
	client, err := sarama.NewClient(s.kafka.Addresses(), config)
	require.NoError(s, err)
	return client
}

func (s *stage) admin(do func(sarama.ClusterAdmin)) {
	s.Helper()
	admin, err := sarama.NewClusterAdminFromClient(s.client())
	require.NoError(s, err)
	do(admin)
	require.NoError(s, admin.Close())
}

func (s *stage) createTopic(topic string, settings map[string]string) {
	s.Helper()
	entries := make(map[string]*string)
	for name, value := range settings {
		entries[name] = &value
	}
	s.admin(func(admin sarama.ClusterAdmin) {
		require.NoError(s, admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 3, ConfigEntries: entries}, false))
	})
}

// restart starts a broker again and waits until the cluster is whole.
func (s *stage) restart(broker int) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(s, s.kafka.StartBroker(ctx, broker))
}

func (s *stage) requireLogged(log *testutil.CaptureLogger, texts ...string) {
	s.Helper()
	all := fmt.Sprint(log.Messages())
	for _, text := range texts {
		require.Contains(s, all, text)
	}
}

// writeTable puts the results into the README, in the long form.
func (s *stage) writeTable() {
	s.Log("\n" + s.results.Table())
	if long() {
		require.NoError(s, s.results.WriteInto("README.md"))
	}
}

// audit reads the topics, and waits until InfluxDB has all of their readings, for a while.
func (s *stage) audit(topics ...string) *audit.Report {
	s.Helper()
	var report *audit.Report
	var err error
	for begin := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute) // for 1,000 topics
		report, err = audit.Run(ctx, audit.Options{Brokers: s.kafka.Addresses(), Topics: topics, Store: s.points})
		cancel()
		if err == nil && report.Missing() == 0 || time.Since(begin) > 2*time.Minute {
			break
		}
	}
	require.NoError(s, err)
	return report
}
