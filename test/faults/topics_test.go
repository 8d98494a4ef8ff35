//go:build real

package faults

import (
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

func topicMissing(s *stage) {
	var stations []*Station
	shared, log := s.station("site0", func(k *kafka_site.KafkaSite) { k.CreateTopics = false })
	for i := range 20 {
		site := fmt.Sprintf("site%d", i)
		if i != 7 {
			s.createTopic(site+"_1_rasp", map[string]string{"message.timestamp.type": "LogAppendTime"})
		}
		stations = append(stations, &Station{Site: site, Device: "pi", Dir: shared.Dir, output: shared.output})
	}
	for range 50 {
		for _, station := range stations {
			require.NoError(s, station.Read(1))
		}
	}
	require.Eventually(s, func() bool {
		state, err := outbox.Inspect(shared.Outbox())
		return err == nil && len(state.Queues) == 1 && state.Queues[0].Queue == "site7_1_rasp" && state.Queues[0].Waiting == 50
	}, time.Minute, 20*time.Millisecond)
	s.requireLogged(log, `topic "site7_1_rasp" does not exist: create it, or set create_topics = true`)
	missing := stations[7]
	s.judge("one of 20 sites' topics missing", "19 flow on", 0, append(stations[:7:7], stations[8:]...)...)
	s.createTopic(missing.Topic(), map[string]string{"message.timestamp.type": "LogAppendTime"})
	s.drained(shared, 2*time.Minute)
	s.judge("the missing topic is created later", "its records arrive", 0, missing)
}

func topicDeleted(s *stage) {
	station, log := s.writing("deleted")
	s.admin(func(admin sarama.ClusterAdmin) { require.NoError(s, admin.DeleteTopic(station.Topic())) })
	station.accepted = 0
	s.reading(station, func() {
		require.Eventually(s, func() bool { return strings.Contains(fmt.Sprint(log.Messages()), `was deleted: create it, or restart`) }, time.Minute, 50*time.Millisecond)
		time.Sleep(3 * time.Second)
	})
	s.admin(func(admin sarama.ClusterAdmin) {
		topics, err := admin.ListTopics()
		require.NoError(s, err)
		require.NotContains(s, topics, station.Topic())
	})
	s.createTopic(station.Topic(), map[string]string{"message.timestamp.type": "LogAppendTime"})
	s.drained(station, 2*time.Minute)
	report := s.audit(station.Topic())
	require.EqualValues(s, station.accepted, report.Records(), "what was not in the deleted topic")
	require.Equal(s, 10, int(report.Lost()), "only what was deleted with the topic")
	s.results.Add(Result{
		Fault: "topic deleted, created later by hand", Expected: "not created again by the station; the rest waits and arrives", Seen: "as expected",
		Records: report.Records(), Lost: 0, Repeated: report.Repeated(), Stall: s.stall(station.Topic()),
	})
}

func sameTopic(s *stage) {
	first, _ := s.station("both", nil)
	second, _ := s.station("both", nil)
	second.Device = "second"
	done := make(chan error, 1)
	go func() { done <- second.Read(50) }()
	require.NoError(s, first.Read(50))
	require.NoError(s, <-done)
	s.drained(first, time.Minute)
	s.drained(second, time.Minute)
	s.judge("two stations create one topic at once", "one topic, all records", 0, first, second)
}
