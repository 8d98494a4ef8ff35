//go:build real

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/domain"
	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/audit"
	"github.com/telegraf-station/telegraf-station/test/influxdb"
	"github.com/telegraf-station/telegraf-station/test/process"
	telegrafs "github.com/telegraf-station/telegraf-station/test/telegraf"
)

// centreFaults has real InfluxDB and our Telegraf with the shipped configuration of the centre read what the stations send.
func centreFaults(c *centreStage) {
	for _, fault := range []struct {
		name string
		do   func(*centreStage)
	}{
		{"InfluxDB killed", storeKilled},
		{"InfluxDB answers with errors", storeRefuses},
		{"bucket missing", bucketMissing},
		{"token revoked", tokenRevoked},
		{"a point that the bucket does not keep", pointTooOld},
		{"a record that is none", foreignRecord},
		{"centre killed", centreKilled},
		{"centres come and go", centresComeAndGo},
	} {
		c.Run(fault.name, func(t *testing.T) { fault.do(c.in(t)) })
	}
}

// centreStage adds InfluxDB behind an HTTP proxy to the brokers.
type centreStage struct {
	*stage
	binary string
	store  *influxdb.Server
	api    influxdb2.Client
	front  *httptest.Server
	// status is what the proxy answers instead of InfluxDB; 0: InfluxDB's own answer; -1: none for as long as it is so.
	status *atomic.Int64
}

func newCentreStage(s *stage) *centreStage {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 20*time.Minute)
	defer cancel()
	binary, err := telegrafs.Build(ctx, os.Stderr)
	require.NoError(s, err)
	store, err := influxdb.StartV2(ctx, influxdb.Options{Dir: s.TempDir(), Log: os.Stderr})
	require.NoError(s, err)
	s.Cleanup(func() { require.NoError(s, store.Close()) })
	c := &centreStage{stage: s, binary: binary, store: store, api: influxdb2.NewClient(store.URL(), store.Token()), status: &atomic.Int64{}}
	target, err := url.Parse(store.URL())
	require.NoError(s, err)
	forward := httputil.NewSingleHostReverseProxy(target)
	c.front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for c.status.Load() < 0 && r.Context().Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		if status := int(c.status.Load()); status > 0 {
			http.Error(w, `{"code":"told so","message":"by the test"}`, status)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	s.Cleanup(c.front.Close)
	s.Cleanup(c.api.Close)
	return c
}

func (c *centreStage) in(t *testing.T) *centreStage {
	other := *c
	other.stage = c.stage.in(t)
	return &other
}

// startForAll runs a centre for all faults that follow, which are judged by InfluxDB then, too.
func (c *centreStage) startForAll() {
	c.start(nil)
	store := audit.NewInfluxDB(c.store.URL(), c.store.Token(), c.store.Organization(), c.store.Bucket())
	c.Cleanup(store.Close)
	c.points = store
}

// start runs a centre.
func (c *centreStage) start(change func(*telegrafs.Centre)) *process.Process {
	c.Helper()
	centre := telegrafs.Centre{
		Brokers: c.kafka.Addresses(), URL: c.front.URL, Token: c.store.Token(), Org: c.store.Organization(), Bucket: c.store.Bucket(),
		RefreshInterval: time.Second,
	}
	if change != nil {
		change(&centre)
	}
	running, err := centre.Start(c.binary, c.TempDir())
	require.NoError(c, err)
	c.Cleanup(func() {
		if running.Ended() == nil {
			require.NoError(c, running.Stop(30*time.Second))
		}
		if c.Failed() {
			c.Logf("the centre's log:\n%s", running.Tail())
		}
	})
	return running
}

// judged waits until InfluxDB has every reading once, and notes the result.
func (c *centreStage) judged(fault, expected, bucket string, stations ...*Station) {
	c.Helper()
	c.judgedAs(fault, expected, "each reading in InfluxDB once", bucket, stations...)
}

func (c *centreStage) judgedAs(fault, expected, seen, bucket string, stations ...*Station) {
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
	require.True(c, report.Sound())
	c.results.Add(Result{
		Fault: fault, Expected: expected, Seen: seen, Records: report.Records(), Lost: report.Lost() + report.Missing(),
		Repeated: report.Repeated(),
	})
}

func storeKilled(c *centreStage) {
	station, _ := c.station("storekill", nil)
	c.start(nil)
	c.reading(station, func() {
		for range 3 {
			time.Sleep(2 * time.Second)
			require.NoError(c, c.store.Kill())
			time.Sleep(time.Second)
			require.NoError(c, c.store.Start(c.Context()))
		}
	})
	c.judged("InfluxDB killed with kill -9, three times", "waits for it", c.store.Bucket(), station)
}

func storeRefuses(c *centreStage) {
	station, _ := c.station("refuses", nil)
	c.start(nil)
	c.reading(station, func() {
		for _, status := range []int64{503, 500, 401, 404, 403, 502, 405, -1} {
			time.Sleep(time.Second)
			c.status.Store(status)
			time.Sleep(2 * time.Second)
			c.status.Store(0)
		}
	})
	c.judged("InfluxDB answers 503, 500, 401, 404, 403, 502, 405, and not at all", "all kept and written later", c.store.Bucket(), station)
}

func bucketMissing(c *centreStage) {
	station, _ := c.station("bucket", nil)
	running := c.start(func(centre *telegrafs.Centre) { centre.Bucket = "later" })
	c.reading(station, func() {
		require.Eventually(c, func() bool {
			return strings.Contains(running.Tail(), `bucket \"later\" not found`) || strings.Contains(running.Tail(), `bucket "later" not found`)
		},
			time.Minute, 100*time.Millisecond)
		time.Sleep(2 * time.Second)
		c.createBucket("later")
	})
	require.Contains(c, running.Tail(), `create the bucket, or correct the options`)
	c.judged("bucket missing (404), created later", "all kept and written later", "later", station)
}

func (c *centreStage) createBucket(name string, rules ...domain.RetentionRule) {
	c.Helper()
	organization, err := c.api.OrganizationsAPI().FindOrganizationByName(c.Context(), c.store.Organization())
	require.NoError(c, err)
	_, err = c.api.BucketsAPI().CreateBucketWithName(c.Context(), organization, name, rules...)
	require.NoError(c, err)
}

func tokenRevoked(c *centreStage) {
	station, _ := c.station("token", nil)
	organization, err := c.api.OrganizationsAPI().FindOrganizationByName(c.Context(), c.store.Organization())
	require.NoError(c, err)
	permission := domain.Permission{Action: domain.PermissionActionWrite, Resource: domain.Resource{Type: domain.ResourceTypeBuckets, OrgID: organization.Id}}
	token, err := c.api.AuthorizationsAPI().CreateAuthorizationWithOrgID(c.Context(), *organization.Id, []domain.Permission{permission})
	require.NoError(c, err)
	set := func(status domain.AuthorizationUpdateRequestStatus) {
		_, err := c.api.AuthorizationsAPI().UpdateAuthorizationStatusWithID(c.Context(), *token.Id, status)
		require.NoError(c, err)
	}
	running := c.start(func(centre *telegrafs.Centre) { centre.Token = *token.Token })
	c.reading(station, func() {
		time.Sleep(2 * time.Second)
		set(domain.AuthorizationUpdateRequestStatusInactive)
		require.Eventually(c, func() bool { return strings.Contains(running.Tail(), "token is inactive") }, time.Minute, 100*time.Millisecond)
		time.Sleep(2 * time.Second)
		set(domain.AuthorizationUpdateRequestStatusActive)
	})
	c.judged("token revoked (403), valid again later", "all kept and written later", c.store.Bucket(), station)
}

// pointTooOld has readings of 1970 among those of now, and a bucket that keeps a day.
func pointTooOld(c *centreStage) {
	station, _ := c.station("old", nil)
	c.createBucket("day", domain.RetentionRule{EverySeconds: 24 * 3600})
	running := c.start(func(centre *telegrafs.Centre) { centre.Bucket = "day" })
	for i := range 300 {
		at := time.Now()
		if i%100 == 50 {
			at = time.Unix(int64(1000+i), 0)
		}
		require.NoError(c, station.Write(station.Reading(i, at)))
	}
	c.judgedAs("3 readings of 1970 among 300, bucket keeps a day (422)", "their neighbours are written; they are refused and logged",
		"297 in InfluxDB once, 3 refused and logged", "day", station)
	require.Eventually(c, func() bool { return strings.Contains(running.Tail(), "InfluxDB refuses a point for good") }, time.Minute, 100*time.Millisecond)
}

func foreignRecord(c *centreStage) {
	station, _ := c.station("foreign", nil)
	c.start(nil)
	require.NoError(c, station.Read(100))
	c.drained(station, time.Minute)
	config := audit.NewConfig()
	config.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(c.kafka.Addresses(), config)
	require.NoError(c, err)
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: station.Topic(), Value: sarama.StringEncoder("no reading")})
	require.NoError(c, err)
	require.NoError(c, producer.Close())
	require.NoError(c, station.Read(100))
	c.judged("a record in the topic that is no reading", "passed over; its neighbours are written", c.store.Bucket(), station)
}

func centreKilled(c *centreStage) {
	times := 10
	if long() {
		times = 50
	}
	station, _ := c.station("centrekill", nil)
	c.reading(station, func() {
		for range times {
			running := c.start(nil)
			time.Sleep(time.Duration(500+rand.IntN(3000)) * time.Millisecond) //nolint:gosec // any moment
			require.NoError(c, running.Kill())
		}
		c.start(nil)
	})
	c.judged(fmt.Sprintf("centre killed with kill -9 at %d random moments", times), "read again from the last committed offset", c.store.Bucket(), station)
}

func centresComeAndGo(c *centreStage) {
	var stations []*Station
	shared, _ := c.station("many0", nil)
	for i := range 10 {
		stations = append(stations, &Station{Site: fmt.Sprintf("many%d", i), Device: "pi", Dir: shared.Dir, output: shared.output})
	}
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
	c.judged("centres join, leave and are killed, 10 sites", "each reading is taken over", c.store.Bucket(), stations...)
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
			if err := station.Write([]telegraf.Metric{station.Reading(station.accepted, time.Now())}...); err != nil {
				return err
			}
		}
	}
}
