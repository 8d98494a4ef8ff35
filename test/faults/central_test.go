//go:build real

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
	"github.com/telegraf-station/telegraf-station/test/bed/faultproxy"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	telegrafs "github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// centralFaults has real InfluxDB and our Telegraf with the shipped configuration of the central Telegraf read what the stations send.
func centralFaults(c *centralStage) {
	for _, fault := range []struct {
		name string
		do   func(*centralStage)
	}{
		{"InfluxDB killed", storeKilled},
		{"InfluxDB answers with errors", storeRefuses},
		{"bucket missing", bucketMissing},
		{"token revoked", tokenRevoked},
		{"a point that the bucket does not keep", pointTooOld},
		{"a field of another type", typeConflict},
		{"InfluxDB slow", storeSlow},
		{"an answer lost after the write", answersLost},
		{"the output's buffer full", bufferFull},
		{"a record that is not a reading", foreignRecord},
		{"InfluxDB lost", storeLost},
		{"both ends start without brokers", brokersAbsent},
		{"central Telegraf killed", centralKilled},
		{"central Telegraf instances come and go", centralsComeAndGo},
		{"one of two central Telegraf instances killed", oneOfTwoKilled},
	} {
		c.Run(fault.name, func(t *testing.T) { fault.do(c.in(t)) })
	}
}

// centralStage adds InfluxDB behind an HTTP proxy to the brokers.
type centralStage struct {
	*stage
	binary string
	store  *influxdb.Server
	api    influxdb2.Client
	front  *front
}

func newCentralStage(s *stage) *centralStage {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 20*time.Minute)
	defer cancel()
	binary, err := telegrafs.Build(ctx, os.Stderr)
	require.NoError(s, err)
	store, err := influxdb.StartV2(ctx, influxdb.Options{Dir: s.TempDir(), Log: os.Stderr})
	require.NoError(s, err)
	s.Cleanup(func() { require.NoError(s, store.Close()) })
	c := &centralStage{
		stage: s, binary: binary, store: store, api: influxdb2.NewClient(store.URL(), store.Token()), front: newFront(s.T, store.URL()),
	}
	s.Cleanup(c.api.Close)
	return c
}

func (c *centralStage) in(t *testing.T) *centralStage {
	other := *c
	other.stage = c.stage.in(t)
	return &other
}

// startForAll runs a central Telegraf for all faults that follow, which are judged by InfluxDB then, too.
func (c *centralStage) startForAll() {
	c.start(nil)
	store := audit.NewInfluxDB(c.store.URL(), c.store.Token(), c.store.Organization(), c.store.Bucket())
	c.Cleanup(store.Close)
	c.points = store
}

// start runs a central Telegraf.
func (c *centralStage) start(change func(*telegrafs.Central)) *process.Process {
	c.Helper()
	central := telegrafs.Central{
		Brokers: c.kafka.Addresses(), URL: c.front.server.URL, Token: c.store.Token(), Org: c.store.Organization(), Bucket: c.store.Bucket(),
		RefreshInterval: time.Second,
	}
	if change != nil {
		change(&central)
	}
	running, err := central.Start(c.binary, c.TempDir())
	require.NoError(c, err)
	c.Cleanup(func() {
		if running.Ended() == nil {
			require.NoError(c, running.Stop(30*time.Second))
		}
		if c.Failed() {
			c.Logf("the central Telegraf's log:\n%s", running.Tail())
		}
	})
	return running
}

// verifyStore waits until InfluxDB has every reading once, and adds the result.
func (c *centralStage) verifyStore(fault, expected, bucket string, stations ...*Station) {
	c.Helper()
	c.verifyStoreAs(fault, expected, "each reading in InfluxDB once", bucket, stations...)
}

func (c *centralStage) verifyStoreAs(fault, expected, seen, bucket string, stations ...*Station) {
	c.Helper()
	store := audit.NewInfluxDB(c.store.URL(), c.store.Token(), c.store.Organization(), bucket)
	defer store.Close()
	var topics []string
	accepted := int64(0)
	for _, station := range stations {
		c.drained(station, time.Minute)
		topics, accepted = append(topics, station.Topic()), accepted+int64(station.accepted)
	}
	var report *audit.Report
	require.Eventually(c, func() bool {
		ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
		defer cancel()
		var err error
		report, err = audit.Run(ctx, audit.Options{Brokers: c.kafka.Addresses(), Topics: topics, Store: store})
		return err == nil && report.Missing() == 0 && report.Records() >= accepted
	}, 2*time.Minute, 500*time.Millisecond, "InfluxDB does not get all")
	require.True(c, report.OK())
	c.results.Add(Result{
		Fault: fault, Expected: expected, Seen: seen, Records: report.Records(), Lost: report.Lost() + report.Missing(),
		Repeated: report.Repeated(),
	})
}

func foreignRecord(c *centralStage) {
	station, _ := c.station("foreign", nil)
	c.start(nil)
	require.NoError(c, station.Read(100))
	c.drained(station, time.Minute)
	config := kafka.NewToolConfig()
	config.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(c.kafka.Addresses(), config)
	require.NoError(c, err)
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: station.Topic(), Value: sarama.StringEncoder("not a reading")})
	require.NoError(c, err)
	require.NoError(c, producer.Close())
	require.NoError(c, station.Read(100))
	c.verifyStore("a record in the topic that is not a reading", "skipped; the records around it are written", c.store.Bucket(), station)
}

// brokersAbsent is the link between both ends and Kafka when all of them start.
func brokersAbsent(c *centralStage) {
	c.all(func(p *faultproxy.Proxy) { p.Down(true) })
	station, _ := c.station("absent", nil)
	running := c.start(func(central *telegrafs.Central) { central.Brokers = c.addresses() })
	c.reading(station, func() {
		require.Eventually(c, func() bool { return strings.Contains(running.Tail(), "E! [inputs.kafka_sites] cannot ") }, time.Minute, 100*time.Millisecond)
		time.Sleep(2 * time.Second)
	})
	c.all(func(p *faultproxy.Proxy) { p.Down(false) })
	c.verifyStore("no broker when the station and the central Telegraf start", "both wait for them", c.store.Bucket(), station)
}

func centralKilled(c *centralStage) {
	times := 10
	if long() {
		times = 50
	}
	station, _ := c.station("centralkill", nil)
	c.reading(station, func() {
		for range times {
			running := c.start(nil)
			time.Sleep(time.Duration(500+rand.IntN(3000)) * time.Millisecond) //nolint:gosec // any moment
			require.NoError(c, running.Kill())
		}
		c.start(nil)
	})
	c.verifyStore(fmt.Sprintf("central Telegraf killed with kill -9 at %d random moments", times), "reread from the last committed offset", c.store.Bucket(), station)
}

func centralsComeAndGo(c *centralStage) {
	stations, _ := c.fleet("many", 10, nil)
	c.start(nil)
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- readAll(stations, stop) }()
	for range 3 {
		second := c.start(nil)
		time.Sleep(3 * time.Second)
		third := c.start(nil)
		time.Sleep(3 * time.Second)
		require.NoError(c, second.Stop(30*time.Second)) // SIGTERM under load
		require.NoError(c, third.Kill())
	}
	close(stop)
	require.NoError(c, <-done)
	c.verifyStore("central Telegraf instances join, leave, and are killed, 10 sites", "each reading is taken over", c.store.Bucket(), stations...)
}

// readAll has each station read in turn until it is stopped.
func readAll(stations []*Station, stop <-chan struct{}) error {
	for {
		for _, station := range stations {
			select {
			case <-stop:
				return nil
			case <-time.After(2 * time.Millisecond):
			}
			if err := station.Deliver([]telegraf.Metric{station.Reading(station.accepted, time.Now())}...); err != nil {
				return err
			}
		}
	}
}
