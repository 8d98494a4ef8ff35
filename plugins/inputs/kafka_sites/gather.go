package kafka_sites

import (
	"sync/atomic"
	"time"

	"github.com/influxdata/telegraf"
)

// teller tells of the topics at each Gather.
type teller struct {
	// acc tracks what was told: while the outputs do not take it no more is added, or it would in time fill a buffer and push readings out.
	acc    telegraf.TrackingAccumulator
	untold int
	// asking says that Kafka is being asked for newest records.
	asking atomic.Bool
}

const (
	// mostUntold is how many times may be under way to the outputs.
	mostUntold = 3
	// answerTime is how long Gather waits for Kafka.
	answerTime = 2 * time.Second
)

// Gather tells of the topics that this central Telegraf has. A record becomes a metric in the moment it arrives.
func (k *KafkaSites) Gather(acc telegraf.Accumulator) error {
	if k.teller.acc == nil {
		k.teller.acc = acc.WithTracking(mostUntold)
	}
	if !k.teller.hasRoom() {
		return nil
	}
	claims := k.claims.list()
	k.askForNewest(claims)
	if metrics := topicMetrics(claims, k.ConsumerGroup, time.Now()); len(metrics) > 0 {
		k.teller.acc.AddTrackingMetricGroup(metrics)
		k.teller.untold++
	}
	return nil
}

func (t *teller) hasRoom() bool {
	for {
		select {
		case <-t.acc.Delivered():
			t.untold--
		default:
			return t.untold < mostUntold
		}
	}
}

// askForNewest waits for the answer, not for long: it then counts the next time.
func (k *KafkaSites) askForNewest(claims []*claim) {
	var unknown []*claim
	for _, c := range claims {
		if !c.knowsNewest() {
			unknown = append(unknown, c)
		}
	}
	if len(unknown) == 0 || k.teller.asking.Swap(true) {
		return
	}
	answered := make(chan struct{})
	k.running.Go(func() {
		defer close(answered)
		defer k.teller.asking.Store(false)
		if err := k.learnNewest(unknown); err != nil {
			k.Log.Debugf("Cannot ask for the newest records: %v", err)
		}
	})
	select {
	case <-answered:
	case <-time.After(answerTime):
	}
}
