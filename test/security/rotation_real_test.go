//go:build real

// Package security tests the shipped example end to end: TLS with its own certificate authority (CA), SCRAM users, and default deny.
package security

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/influxdata/telegraf/plugins/inputs"
	_ "github.com/influxdata/telegraf/plugins/parsers/influx" // Telegraf looks for its default format even where data_format is not set
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
	"github.com/telegraf-station/telegraf-station/plugins/parsers/station"
	testkafka "github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/faults"
)

// TestMain sets the logger of the client library before its first use: otherwise the Init of a plugin sets it, for the whole process.
func TestMain(m *testing.M) {
	kafka.SetLogger(telegraf.Error)
	os.Exit(m.Run())
}

// login is a Kafka login of a plugin or of stationctl.
type login struct{ mechanism, user, password, ca string }

// fill sets the options enable_tls, tls_ca and sasl_*.
func (l login) fill(c *kafka.Config) {
	enable := true
	c.EnableTLS, c.TLSCA, c.SASLMechanism = &enable, l.ca, l.mechanism
	c.SASLUsername, c.SASLPassword = config.NewSecret([]byte(l.user)), config.NewSecret([]byte(l.password))
}

// settings returns the configuration of a client that is not a plugin.
func (l login) settings(t *testing.T) *sarama.Config {
	t.Helper()
	settings := stationkafka.NewToolConfig()
	common := kafka.Config{Version: settings.Version.String()}
	l.fill(&common)
	require.NoError(t, common.SetConfig(settings, logger.New("", "", "")))
	return settings
}

func (l login) try(t *testing.T, addresses []string) error {
	t.Helper()
	client, err := sarama.NewClient(addresses, l.settings(t))
	if err != nil {
		return err
	}
	return client.Close()
}

// as returns the login of another user, with the credentials from a file.
func (l login) as(t *testing.T, file string) login {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	variables := installed.Variables(string(text))
	l.mechanism, l.user, l.password = sarama.SASLTypeSCRAMSHA512, variables["KAFKA_USERNAME"], variables["KAFKA_PASSWORD"]
	return l
}

func apply(t *testing.T, plan *site.Plan, err error) {
	t.Helper()
	require.NoError(t, err)
	require.NoError(t, plan.Apply(t.Context(), func(site.Step) error { return nil }))
}

// loginLifetime is how long the brokers of this test accept a login.
const loginLifetime = 5 * time.Second

func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	brokers, err := testkafka.StartReal(t.Context(), testkafka.Options{
		Brokers: 1, Dir: t.TempDir(), Admin: testkafka.Login{User: "admin", Password: "of-the-test"}, TLS: true, MaxReauth: loginLifetime,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, brokers.Close()) })
	admin := login{sarama.SASLTypeSCRAMSHA512, "admin", "of-the-test", brokers.CA()}
	dir := t.TempDir()
	file, centralFile := filepath.Join(dir, "JNU_1_rasp.env"), filepath.Join(dir, "central.env")
	cluster, err := site.Open(t.Context(), brokers.Addresses(), admin.settings(t))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	name, err := site.NewName("JNU", "1", "rasp")
	require.NoError(t, err)
	plan, err := cluster.PlanAdd(t.Context(), site.AddOptions{Name: name, Topic: site.TopicOptions{Partitions: 1, Replication: 1}, Credentials: file})
	apply(t, plan, err)
	plan, err = cluster.PlanAddCentral(t.Context(), site.CentralOptions{User: "central", Group: "telegraf-station", Credentials: centralFile})
	apply(t, plan, err)

	log := &testutil.CaptureLogger{}
	pi := &faults.Station{Site: "JNU", Device: "pi", Dir: dir, Brokers: brokers.Addresses(), Log: log, Change: func(k *kafka_site.KafkaSite) {
		admin.as(t, file).fill(&k.Config)
		k.CreateTopics = false
	}}
	require.NoError(t, pi.Start())
	t.Cleanup(func() { pi.Stop() })
	received := read(t, admin.as(t, centralFile), brokers.Addresses())
	load := &load{station: pi}
	load.until(t, func() bool { return received.Load() > 0 }, "no record arrived")
	before := len(log.Errors())  // a new cluster is not ready immediately
	load.run(t, 2*loginLifetime) // logins expire and are renewed meanwhile
	require.Empty(t, log.Errors()[before:], "logins that expire after %s are renewed automatically", loginLifetime)

	old := admin.as(t, file)
	plan, err = cluster.PlanRotate(t.Context(), name, "", file)
	apply(t, plan, err)
	require.Eventually(t, func() bool { return old.try(t, brokers.Addresses()) != nil }, 20*time.Second, 50*time.Millisecond, "the old password is still accepted")
	load.until(t, func() bool { return len(log.Errors()) > before }, "the connection with the old password stays open")
	t.Logf("the station logged: %s", log.Errors()[before])
	require.Regexp(t, "SASL|sasl|password", log.Errors()[before])

	pi.Stop() // the new password, and a restart
	require.NoError(t, pi.Start())
	load.run(t, loginLifetime)
	require.Eventually(t, func() bool {
		state, err := outbox.Inspect(pi.Outbox())
		return err == nil && len(state.Topics) == 0
	}, time.Minute, 20*time.Millisecond, "the outbox is not drained: %v", log.Errors())

	report, err := audit.Run(t.Context(), audit.Options{Brokers: brokers.Addresses(), Config: admin.settings(t)})
	require.NoError(t, err)
	require.True(t, report.OK(), "%+v", report)
	require.Equal(t, load.accepted, report.Records()-report.Repeated(), "no record is lost")
	require.Zero(t, report.Parked()+report.Dropped())
	require.Eventually(t, func() bool { return received.Load() >= load.accepted }, time.Minute, 20*time.Millisecond,
		"the central Telegraf has %d of %d", received, load.accepted)
	requireCentralCanOnlyRead(t, admin.as(t, centralFile), brokers.Addresses())
	endsOpenConnections(t, admin.as(t, file), brokers.Addresses(), func() {
		plan, err := cluster.PlanRemove(t.Context(), name, "", false)
		apply(t, plan, err)
	})
}

// endsOpenConnections checks that an open connection, such as one of a thief, cannot write after the site is removed.
func endsOpenConnections(t *testing.T, thief login, addresses []string, remove func()) {
	t.Helper()
	settings := thief.settings(t)
	settings.Producer.Return.Successes, settings.Producer.Retry.Max = true, 0
	producer, err := sarama.NewSyncProducer(addresses, settings)
	require.NoError(t, err)
	defer func() { require.NoError(t, producer.Close()) }()
	write := func() error {
		_, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "JNU_1_rasp", Value: sarama.StringEncoder("{}")})
		return err
	}
	require.NoError(t, write())
	remove()
	start := time.Now()
	require.Eventually(t, func() bool { return errors.Is(write(), sarama.ErrTopicAuthorizationFailed) }, loginLifetime, 20*time.Millisecond, "the thief can still write")
	t.Logf("denied %s after the removal", time.Since(start).Round(time.Millisecond))
}

// load is a station with a steady stream of readings.
type load struct {
	station  *faults.Station
	accepted int64
}

func (l *load) run(t *testing.T, duration time.Duration) {
	t.Helper()
	end := time.Now().Add(duration)
	l.until(t, func() bool { return time.Now().After(end) }, "")
}

func (l *load) until(t *testing.T, condition func() bool, otherwise string) {
	t.Helper()
	for start := time.Now(); !condition(); time.Sleep(5 * time.Millisecond) {
		require.Less(t, time.Since(start), time.Minute, otherwise)
		require.NoError(t, l.station.Read(1))
		l.accepted++
	}
}

// read runs the input of the central Telegraf and counts what it reads.
func read(t *testing.T, as login, addresses []string) *atomic.Int64 {
	t.Helper()
	input := inputs.Inputs["kafka_sites"]().(*kafka_sites.KafkaSites)
	as.fill(&input.Config)
	input.Brokers, input.TopicRegexps, input.TopicTag = addresses, []string{"^[^_]+_[^_]+_[^_]+$"}, "topic"
	input.ConsumerGroup, input.RefreshInterval = "telegraf-station", config.Duration(time.Second)
	input.Log = logger.New("inputs", "kafka_sites", "")
	input.Statistics = selfstat.NewCollector(map[string]string{"test": t.TempDir()})
	parser := &station.Parser{}
	require.NoError(t, parser.Init())
	input.SetParser(parser)
	require.NoError(t, input.Init())
	acc := &counting{received: &atomic.Int64{}}
	require.NoError(t, input.Start(acc))
	t.Cleanup(input.Stop)
	return acc.received
}

// counting acts as an output that accepts everything immediately.
type counting struct {
	testutil.Accumulator
	received  *atomic.Int64
	delivered chan telegraf.DeliveryInfo
	newest    telegraf.TrackingID
}

type delivery telegraf.TrackingID

func (d delivery) ID() telegraf.TrackingID { return telegraf.TrackingID(d) }
func (delivery) Delivered() bool           { return true }

func (a *counting) WithTracking(maxTracked int) telegraf.TrackingAccumulator {
	return &counting{received: a.received, delivered: make(chan telegraf.DeliveryInfo, maxTracked)}
}

func (a *counting) AddTrackingMetricGroup(group []telegraf.Metric) telegraf.TrackingID {
	a.received.Add(int64(len(group)))
	a.newest++
	a.delivered <- delivery(a.newest)
	return a.newest
}

func (a *counting) Delivered() <-chan telegraf.DeliveryInfo { return a.delivered }

func requireCentralCanOnlyRead(t *testing.T, central login, addresses []string) {
	t.Helper()
	settings := central.settings(t)
	settings.Producer.Return.Successes, settings.Producer.Retry.Max = true, 0
	producer, err := sarama.NewSyncProducer(addresses, settings)
	require.NoError(t, err)
	defer func() { require.NoError(t, producer.Close()) }()
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: "JNU_1_rasp", Value: sarama.StringEncoder("{}")})
	require.ErrorIs(t, err, sarama.ErrTopicAuthorizationFailed)
	admin, err := sarama.NewClusterAdmin(addresses, settings)
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	require.ErrorIs(t, admin.DeleteTopic("JNU_1_rasp"), sarama.ErrTopicAuthorizationFailed)
	topics, err := admin.ListTopics()
	require.NoError(t, err)
	for topic := range topics {
		require.False(t, strings.HasPrefix(topic, "__"), "%s is an internal topic", topic)
	}
	_, err = admin.ListConsumerGroupOffsets("another", nil)
	require.ErrorIs(t, err, sarama.ErrGroupAuthorizationFailed)
}
