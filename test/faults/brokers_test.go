//go:build real

package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

func leaderKilled(s *stage) {
	station, _ := s.writing("killed")
	leader := s.leader(station.Topic())
	s.reading(station, func() {
		require.NoError(s, s.kafka.Kill(leader))
		s.drainedOnce(station)
	})
	s.drained(station, time.Minute)
	s.restart(leader)
	s.verify("leader killed with kill -9", "the next leader gets the rest", 0, station)
}

// drainedOnce waits until a station that keeps reading has delivered what was pending.
func (s *stage) drainedOnce(station *Station) {
	s.Helper()
	time.Sleep(time.Second)
	require.Eventually(s, func() bool {
		state, err := outbox.Inspect(station.Outbox())
		return err == nil && (len(state.Topics) == 0 || state.Topics[0].Pending < 5)
	}, 2*time.Minute, 50*time.Millisecond)
}

func leaderFrozen(s *stage) {
	station, _ := s.writing("frozen")
	leader := s.leader(station.Topic())
	s.reading(station, func() {
		require.NoError(s, s.kafka.Freeze(leader))
		s.drainedOnce(station)
		require.NoError(s, s.kafka.Thaw(leader))
		time.Sleep(3 * time.Second)
	})
	s.drained(station, time.Minute)
	s.verify("leader frozen with SIGSTOP, thawed later", "the next leader gets the rest; at most a batch twice", batch, station)
}

func tooFewReplicas(s *stage) {
	s.createTopic("replicas_1_rasp", map[string]string{"min.insync.replicas": "3", "message.timestamp.type": "LogAppendTime"})
	station, log := s.writing("replicas")
	other := (s.leader(station.Topic()) + 1) % 3
	s.reading(station, func() {
		require.NoError(s, s.kafka.Kill(other))
		require.Eventually(s, func() bool {
			return strings.Contains(fmt.Sprint(log.Messages()), "fewer in-sync replicas than required")
		}, time.Minute, 50*time.Millisecond)
		s.restart(other)
	})
	s.drained(station, 2*time.Minute)
	s.requireLogged(log, `Topic "replicas_1_rasp" is writable again`)
	s.verify("in-sync replicas below min.insync.replicas", "waits, then continues", 0, station)
}

// brokerDiskFull fills the disk of a topic's leader: that broker then stops.
func brokerDiskFull(s *stage) {
	var station *Station
	for i := 0; ; i++ { // until a topic is led by the broker with the small disk
		station, _ = s.writing(fmt.Sprintf("disk%d", i))
		if s.leader(station.Topic()) == smallBroker {
			break
		}
	}
	ballast := filepath.Join(s.disk, "ballast")
	s.reading(station, func() {
		output, err := exec.Command("dd", "if=/dev/zero", "of="+ballast, "bs=1M").CombinedOutput() //nolint:gosec,noctx // our own
		require.Error(s, err, "the disk is full: %s", output)
		require.Eventually(s, func() bool { return len(s.kafka.PIDs()) == 2 }, 2*time.Minute, 100*time.Millisecond, "the broker keeps running with a full disk")
		require.NoError(s, os.Remove(ballast))
		s.restart(smallBroker)
	})
	s.drained(station, 2*time.Minute)
	s.verify("disk of a leader full: its broker stops; freed and restarted", "another broker takes over", batch, station)
}

func brokersEdited(s *stage) {
	station := &Station{Site: "edited", Device: "pi", Dir: s.TempDir(), Brokers: []string{"127.0.0.1:1"}}
	require.NoError(s, station.Start())
	require.NoError(s, station.Read(200))
	station.Stop()
	station.Brokers = s.addresses()
	require.NoError(s, station.Start())
	require.NoError(s, station.Read(10))
	s.drained(station, time.Minute)
	station.Stop()
	s.verify("broker list edited with a backlog", "the backlog goes to the new brokers", 0, station)
}

// brokersRestarted checks that goroutines and memory of the agent do not grow.
func brokersRestarted(s *stage) {
	restarts, topics := 6, 100
	if long() {
		restarts, topics = 100, 1000
	}
	stations, log := s.fleet("fleet", topics, func(k *kafka_site.KafkaSite) { k.ReplicationFactor = 1 })
	restart := func(times int) {
		for i := range times {
			require.NoError(s, s.kafka.StopBroker(i%3))
			s.rounds(stations, 1)
			s.restart(i % 3)
			log.Clear() // this test's log is not the agent's memory
		}
		s.rounds(stations, 1)
		s.drained(stations[0], 5*time.Minute)
	}
	const warm = 3 // each broker once: connections and buffers are as large as they get
	restart(warm)
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	restart(restarts - warm)
	s.Logf("%d goroutines and %d kB of heap before, %d and %d kB after", goroutines, heap>>10, runtime.NumGoroutine(), heapInUse()>>10)
	require.LessOrEqual(s, runtime.NumGoroutine(), goroutines+20)
	require.Less(s, heapInUse(), heap+heap/4+10<<20)
	s.verify(fmt.Sprintf("%d broker restarts with %d topics", restarts, topics), "goroutines and memory flat", batch*int64(restarts), stations...)
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what the first one has finalized
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
