//go:build real

package faults

import (
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
)

const (
	centralGroup = "telegraf-station"
	// sessionTimeout is the central Telegraf's; the README of inputs.kafka_sites says so.
	sessionTimeout = 7 * time.Second
	// takeover is what comes on top: a heartbeat of 1 s of the central Telegraf that is left, a flush_interval and a commit of 1 s each, and this
	// machine, which runs all of it.
	takeover = 5 * time.Second
)

// oneOfTwoKilled measures for how long a site goes unread when the central Telegraf that has it is killed.
func oneOfTwoKilled(c *centralStage) {
	stations, _ := c.fleet("pair", 20, nil)
	watch := c.newWatch(stations)
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- readAll(stations, stop) }()
	require.Eventually(c, watch.topicsExist, time.Minute, 100*time.Millisecond) // those that come later are shared by chance
	c.start(nil)
	second := c.start(nil)
	require.Eventually(c, watch.isShared, time.Minute, 100*time.Millisecond, "two central Telegraf instances share the sites")
	require.Eventually(c, func() bool { return watch.look() < 3*time.Second }, time.Minute, 100*time.Millisecond, "all sites are read")

	require.NoError(c, second.Kill())
	killed, longest := time.Now(), time.Duration(0)
	for time.Since(killed) < 2*sessionTimeout {
		longest = max(longest, watch.look())
		time.Sleep(50 * time.Millisecond)
	}
	require.Less(c, watch.look(), 3*time.Second, "all sites are read again")
	close(stop)
	require.NoError(c, <-done)
	require.Greater(c, longest, sessionTimeout/2, "the other central Telegraf had sites")
	require.LessOrEqual(c, longest, sessionTimeout+takeover)
	c.verifyStoreAs("one of two central Telegraf instances killed with kill -9, 20 sites", "the other one takes its sites over after the session timeout of 7 s",
		fmt.Sprintf("no site unread for more than %.1f s; each reading in InfluxDB once", longest.Seconds()), c.store.Bucket(), stations...)
}

// watch looks at what the central Telegraf instances commit for topics that get records all the time.
type watch struct {
	c          *centralStage
	admin      sarama.ClusterAdmin
	partitions map[string][]int32
	offsets    map[string]int64
	moved      map[string]time.Time
}

func (c *centralStage) newWatch(stations []*Station) *watch {
	c.Helper()
	admin, err := sarama.NewClusterAdminFromClient(c.client())
	require.NoError(c, err)
	c.Cleanup(func() { require.NoError(c, admin.Close()) })
	w := &watch{c: c, admin: admin, partitions: make(map[string][]int32), offsets: make(map[string]int64), moved: make(map[string]time.Time)}
	for _, station := range stations {
		w.partitions[station.Topic()] = []int32{0}
	}
	return w
}

func (w *watch) topicsExist() bool {
	topics, err := w.admin.ListTopics()
	for topic := range w.partitions {
		if _, exists := topics[topic]; err != nil || !exists {
			return false
		}
	}
	return true
}

// isShared reports whether two central Telegraf instances share the topics. How many of ours each has is up to the balance of all topics.
func (w *watch) isShared() bool {
	groups, err := w.admin.DescribeConsumerGroups([]string{centralGroup})
	if err != nil || len(groups) != 1 || len(groups[0].Members) != 2 {
		return false
	}
	for _, member := range groups[0].Members {
		assignment, err := member.GetMemberAssignment()
		if err != nil || assignment == nil {
			return false
		}
		ours := 0
		for topic := range assignment.Topics {
			if w.partitions[topic] != nil {
				ours++
			}
		}
		if ours == 0 {
			return false
		}
	}
	return true
}

// look returns for how long the topic that is read least has not been read.
func (w *watch) look() (longest time.Duration) {
	w.c.Helper()
	response, err := w.admin.ListConsumerGroupOffsets(centralGroup, w.partitions)
	require.NoError(w.c, err)
	now := time.Now()
	for topic := range w.partitions {
		block := response.GetBlock(topic, 0)
		require.NotNil(w.c, block)
		if last, seen := w.offsets[topic]; !seen || block.Offset > last {
			w.offsets[topic], w.moved[topic] = block.Offset, now
		}
		longest = max(longest, now.Sub(w.moved[topic]))
	}
	return longest
}
