//go:build real

package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// ofBroker is for topics that the test creates, as a station does.
var ofBroker = map[string]string{"message.timestamp.type": "LogAppendTime"}

func topicMissing(s *stage) {
	stations, log := s.fleet("site", 20, func(k *kafka_site.KafkaSite) { k.CreateTopics = false })
	missing, others := stations[7], slices.Concat(stations[:7], stations[8:])
	for _, station := range others {
		s.createTopic(station.Topic(), ofBroker)
	}
	s.rounds(stations, 50)
	s.onlyWaiting(missing, 50)
	s.requireLogged(log, `topic "site7_1_rasp" does not exist; create it, or set create_topics = true`)
	s.verify("one of 20 sites' topics missing", "19 keep flowing", 0, others...)
	s.createTopic(missing.Topic(), ofBroker)
	s.drained(missing, 2*time.Minute)
	s.verify("the missing topic is created later", "its records arrive", 0, missing)
}

// onlyWaiting waits until n readings of one site are left in the outbox, and nothing else.
func (s *stage) onlyWaiting(station *Station, n int64) {
	s.Helper()
	require.Eventually(s, func() bool {
		state, err := outbox.Inspect(station.Outbox())
		return err == nil && len(state.Topics) == 1 && state.Topics[0].Topic == station.Topic() && state.Topics[0].Pending == n
	}, time.Minute, 20*time.Millisecond)
}

func topicDenied(s *stage) {
	stations, log := s.fleet("guard", 20, nil)
	denied, others := stations[7], slices.Concat(stations[:7], stations[8:])
	s.createTopic(denied.Topic(), ofBroker)
	write := &sarama.Acl{
		Principal: "User:*", Host: "*", Operation: sarama.AclOperationWrite, PermissionType: sarama.AclPermissionDeny,
	}
	// A topic with an ACL denies everything that no ACL allows: the audit and the central Telegraf must read it.
	read := &sarama.Acl{Principal: "User:*", Host: "*", Operation: sarama.AclOperationRead, PermissionType: sarama.AclPermissionAllow}
	topic := sarama.Resource{ResourceType: sarama.AclResourceTopic, ResourceName: denied.Topic(), ResourcePatternType: sarama.AclPatternLiteral}
	s.admin(func(admin sarama.ClusterAdmin) {
		require.NoError(s, admin.CreateACLs([]*sarama.ResourceAcls{{Resource: topic, Acls: []*sarama.Acl{write, read}}}))
	})
	time.Sleep(time.Second) // an ACL takes effect a moment after the answer
	s.rounds(stations, 50)
	s.onlyWaiting(denied, 50)
	s.requireLogged(log, `not authorized to write to topic "guard7_1_rasp": `)
	s.verify("one of 20 sites' topics denied", "19 keep flowing", 0, others...)
	s.admin(func(admin sarama.ClusterAdmin) {
		name := denied.Topic()
		_, err := admin.DeleteACL(sarama.AclFilter{
			ResourceType: sarama.AclResourceTopic, ResourceName: &name, ResourcePatternTypeFilter: sarama.AclPatternLiteral,
			Operation: sarama.AclOperationAny, PermissionType: sarama.AclPermissionAny,
		}, false)
		require.NoError(s, err)
	})
	s.drained(denied, 2*time.Minute)
	s.verify("the denied topic is allowed later", "its records arrive", 0, denied)
}

func topicDeleted(s *stage) {
	station, log := s.writing("deleted")
	s.admin(func(admin sarama.ClusterAdmin) { require.NoError(s, admin.DeleteTopic(station.Topic())) })
	station.accepted = 0
	s.reading(station, func() {
		require.Eventually(s, func() bool { return strings.Contains(fmt.Sprint(log.Messages()), `was deleted; create it, or restart`) }, time.Minute, 50*time.Millisecond)
		time.Sleep(3 * time.Second)
	})
	s.admin(func(admin sarama.ClusterAdmin) {
		topics, err := admin.ListTopics()
		require.NoError(s, err)
		require.NotContains(s, topics, station.Topic())
	})
	s.createTopic(station.Topic(), ofBroker)
	s.drained(station, 2*time.Minute)
	report := s.audit(station.Topic())
	require.EqualValues(s, station.accepted, report.Records(), "what was not in the deleted topic")
	require.Zero(s, report.Lost())
	require.EqualValues(s, 10, report.Topics[0].Devices[0].Earlier, "only what was deleted with the topic")
	s.results.Add(Result{
		Fault: "topic deleted, created later by hand", Expected: "not re-created by the station; the rest stays pending and arrives", Seen: "as expected",
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
	s.verify("two stations create one topic at the same time", "one topic, all records", 0, first, second)
}
