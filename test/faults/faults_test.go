//go:build real

package faults

import (
	"testing"
)

const batch = 500 // records: what one fault may repeat

// TestFaults does one fault after another to the same brokers.
func TestFaults(t *testing.T) {
	s := newStage(t)
	c := newCentralStage(s)
	t.Run("central Telegraf", func(t *testing.T) { centralFaults(c.in(t)) })
	c.startForAll()
	for _, fault := range []struct {
		name string
		do   func(*stage)
	}{
		{"leader killed", leaderKilled},
		{"leader frozen", leaderFrozen},
		{"acknowledgement lost", acknowledgementLost},
		{"link cut repeatedly", linkCut},
		{"link down for 8 hours", linkDown},
		{"slow link", slowLink},
		{"in-sync replicas below the minimum", tooFewReplicas},
		{"one of 20 topics missing", topicMissing},
		{"one of 20 topics denied", topicDenied},
		{"topic deleted", topicDeleted},
		{"two stations create one topic", sameTopic},
		{"records that cannot be written", badRecords},
		{"kill -9", killed},
		{"SIGTERM while Kafka hangs", terminated},
		{"the station's disk full", diskFull},
		{"broker list edited with a backlog", brokersEdited},
		{"a broker's disk full", brokerDiskFull},
		{"brokers restarted", brokersRestarted},
	} {
		t.Run(fault.name, func(t *testing.T) { fault.do(s.in(t)) })
	}
	s.writeTable()
}
