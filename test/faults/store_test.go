//go:build real

package faults

import (
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/domain"
	"github.com/stretchr/testify/require"

	telegrafs "github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

func storeKilled(c *centralStage) {
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
	c.verifyStore("InfluxDB killed with kill -9, three times", "waits for it", c.store.Bucket(), station)
}

func storeRefuses(c *centralStage) {
	station, _ := c.station("refuses", nil)
	c.start(nil)
	c.reading(station, func() {
		for _, answer := range []answer{
			refuse(503), refuse(500), refuse(401), refuse(404), refuse(403), refuse(502), refuse(405), refuse(429), silent,
		} {
			time.Sleep(time.Second)
			c.front.set(answer)
			time.Sleep(2 * time.Second)
			c.front.set(passOn)
		}
	})
	c.verifyStore("InfluxDB answers 503, 500, 401, 404, 403, 502, 405, 429, and not at all", "all kept and written later", c.store.Bucket(), station)
}

func bucketMissing(c *centralStage) {
	station, _ := c.station("bucket", nil)
	running := c.start(func(central *telegrafs.Central) { central.Bucket = "later" })
	c.reading(station, func() {
		require.Eventually(c, func() bool {
			return strings.Contains(running.Tail(), `bucket \"later\" not found`) || strings.Contains(running.Tail(), `bucket "later" not found`)
		},
			time.Minute, 100*time.Millisecond)
		time.Sleep(2 * time.Second)
		c.createBucket("later")
	})
	require.Contains(c, running.Tail(), `create the bucket, or correct the options`)
	c.verifyStore("bucket missing (404), created later", "all kept and written later", "later", station)
}

// storeLost has the central Telegraf read everything again, by the command of docs/recover.md.
func storeLost(c *centralStage) {
	station, _ := c.station("lost", nil)
	running := c.start(nil)
	require.NoError(c, station.Read(300))
	c.verifyStore("InfluxDB lost: before", "written", c.store.Bucket(), station)
	require.NoError(c, running.Stop(30*time.Second))

	c.createBucket("replacement")
	dir := c.TempDir()
	c.tools(dir)
	c.shell(dir, strings.ReplaceAll(pageScript(c.T, "recover.md", "InfluxDB is lost, Kafka is not"), "kafka-1:9092", c.kafka.Addresses()[0]))
	c.start(func(central *telegrafs.Central) { central.Bucket = "replacement" })
	c.verifyStore("InfluxDB lost: offsets reset, a new bucket", "all is reread", "replacement", station)
}

func (c *centralStage) createBucket(name string, rules ...domain.RetentionRule) {
	c.Helper()
	organization, err := c.api.OrganizationsAPI().FindOrganizationByName(c.Context(), c.store.Organization())
	require.NoError(c, err)
	_, err = c.api.BucketsAPI().CreateBucketWithName(c.Context(), organization, name, rules...)
	require.NoError(c, err)
}

func tokenRevoked(c *centralStage) {
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
	running := c.start(func(central *telegrafs.Central) { central.Token = *token.Token })
	c.reading(station, func() {
		time.Sleep(2 * time.Second)
		set(domain.AuthorizationUpdateRequestStatusInactive)
		require.Eventually(c, func() bool { return strings.Contains(running.Tail(), "token is inactive") }, time.Minute, 100*time.Millisecond)
		time.Sleep(2 * time.Second)
		set(domain.AuthorizationUpdateRequestStatusActive)
	})
	c.verifyStore("token revoked (403), valid again later", "all kept and written later", c.store.Bucket(), station)
}

// pointTooOld has readings of 1970 among current ones, and a bucket with a retention time of a day.
func pointTooOld(c *centralStage) {
	station, _ := c.station("old", nil)
	c.createBucket("day", domain.RetentionRule{EverySeconds: 24 * 3600})
	running := c.start(func(central *telegrafs.Central) { central.Bucket = "day" })
	for i := range 300 {
		at := time.Now()
		if i%100 == 50 {
			at = time.Unix(int64(1000+i), 0)
		}
		require.NoError(c, station.Deliver(station.Reading(i, at)))
	}
	c.verifyStoreAs("3 readings of 1970 among 300, bucket keeps a day (422)", "the rest is written; they are rejected and logged",
		"297 in InfluxDB once, 3 rejected and logged", "day", station)
	require.Eventually(c, func() bool { return strings.Contains(running.Tail(), "InfluxDB rejected a point; it was dropped") }, time.Minute, 100*time.Millisecond)
}

// typeConflict has another's point in the bucket whose light is a text: InfluxDB takes no other from then on.
func typeConflict(c *centralStage) {
	refused, _ := c.station("clash", nil)
	taken, _ := c.station("calm", nil)
	c.createBucket("conflict")
	err := c.api.WriteAPIBlocking(c.store.Organization(), "conflict").WriteRecord(c.Context(), `clash_rasp light="bright"`)
	require.NoError(c, err)
	running := c.start(func(central *telegrafs.Central) { central.Bucket = "conflict" })
	c.rounds([]*Station{refused, taken}, 100)
	c.verifyStoreAs("a field of another type than in the bucket (422), at one of 2 sites", "the other site keeps flowing; they are rejected and logged",
		"100 in InfluxDB once, 100 rejected and logged", "conflict", taken)
	require.Eventually(c, func() bool {
		tail := running.Tail()
		return strings.Contains(tail, "field type conflict") && strings.Contains(tail, "topic clash_1_rasp, partition 0, offset ")
	}, time.Minute, 100*time.Millisecond)
	require.NoError(c, taken.Read(1))
	c.verifyStore("the other site afterwards", "the rejected points block nothing", "conflict", taken)
}

func storeSlow(c *centralStage) {
	station, _ := c.station("lateanswers", nil)
	c.start(nil)
	c.reading(station, func() {
		c.front.set(late(3 * time.Second))
		time.Sleep(12 * time.Second)
	})
	c.front.set(passOn)
	c.verifyStore("InfluxDB takes 3 s for each request", "more points per request", c.store.Bucket(), station)
}

func answersLost(c *centralStage) {
	station, _ := c.station("answers", nil)
	c.start(nil)
	c.reading(station, func() {
		for range 5 {
			time.Sleep(500 * time.Millisecond)
			c.front.set(lost)
			time.Sleep(1500 * time.Millisecond)
			c.front.set(passOn)
		}
	})
	c.verifyStore("InfluxDB's answer lost after the write, for 5 times 1.5 s", "written again, as the same points", c.store.Bucket(), station)
}

// bufferFull is a central Telegraf whose buffer has not the room that it should.
func bufferFull(c *centralStage) {
	station, _ := c.station("buffer", nil)
	running := c.start(func(central *telegrafs.Central) {
		central.Edit = func(configuration string) string {
			const room = "metric_buffer_limit = 100000"
			require.Contains(c, configuration, room)
			return strings.Replace(configuration, room, "metric_buffer_limit = 200", 1)
		}
	})
	c.front.set(refuse(503))
	require.NoError(c, station.Read(2000))
	require.Eventually(c, func() bool { return strings.Contains(running.Tail(), "rereading from the committed offsets") }, time.Minute, 100*time.Millisecond)
	c.front.set(passOn)
	c.verifyStore("InfluxDB away, and metric_buffer_limit a fiftieth of max_undelivered_messages", "what the buffer drops is reread", c.store.Bucket(), station)
}
