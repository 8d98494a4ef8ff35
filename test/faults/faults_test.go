//go:build real

package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
	"github.com/telegraf-station/telegraf-station/test/faultproxy"
)

const batch = 500 // records: what one fault may repeat

// TestFaults does one fault after another to the same brokers.
func TestFaults(t *testing.T) {
	s := newStage(t)
	c := newCentreStage(s)
	t.Run("in the centre", func(t *testing.T) { centreFaults(c.in(t)) })
	c.startForAll()
	for _, fault := range []struct {
		name string
		do   func(*stage)
	}{
		{"leader killed", leaderKilled},
		{"leader frozen", leaderFrozen},
		{"acknowledgement lost", acknowledgementLost},
		{"link cut again and again", linkCut},
		{"link down for 8 hours", linkDown},
		{"slow link", slowLink},
		{"in-sync replicas below the minimum", tooFewReplicas},
		{"one of 20 topics missing", topicMissing},
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

func leaderKilled(s *stage) {
	station, _ := s.station("killed", nil)
	require.NoError(s, station.Read(10))
	s.drained(station, time.Minute)
	leader := s.leader(station.Topic())
	s.reading(station, func() {
		require.NoError(s, s.kafka.Kill(leader))
		s.drainedOnce(station)
	})
	s.drained(station, time.Minute)
	s.restart(leader)
	s.judge("leader killed with kill -9", "the next leader takes the rest", 0, station)
}

// drainedOnce waits until a station that goes on reading has delivered what it had.
func (s *stage) drainedOnce(station *Station) {
	s.Helper()
	time.Sleep(time.Second)
	require.Eventually(s, func() bool {
		state, err := outbox.Inspect(station.Outbox())
		return err == nil && (len(state.Queues) == 0 || state.Queues[0].Waiting < 5)
	}, 2*time.Minute, 50*time.Millisecond)
}

func leaderFrozen(s *stage) {
	station, _ := s.station("frozen", nil)
	require.NoError(s, station.Read(10))
	s.drained(station, time.Minute)
	leader := s.leader(station.Topic())
	s.reading(station, func() {
		require.NoError(s, s.kafka.Freeze(leader))
		s.drainedOnce(station)
		require.NoError(s, s.kafka.Thaw(leader))
		time.Sleep(3 * time.Second)
	})
	s.drained(station, time.Minute)
	s.judge("leader frozen with SIGSTOP, thawed later", "the next leader takes the rest; at most a batch twice", batch, station)
}

func acknowledgementLost(s *stage) {
	station, _ := s.station("acks", nil)
	require.NoError(s, station.Read(10))
	s.drained(station, time.Minute)
	s.reading(station, func() {
		for range 10 {
			s.all(func(p *faultproxy.Proxy) { p.LoseAcks(1) })
			time.Sleep(300 * time.Millisecond)
		}
		s.all(func(p *faultproxy.Proxy) { p.LoseAcks(0) })
	})
	s.drained(station, time.Minute)
	lost := 0
	s.all(func(p *faultproxy.Proxy) { lost += p.LostAcks() })
	require.Positive(s, lost)
	s.judge(fmt.Sprintf("acknowledgement lost after the append, %d times", lost), "Kafka knows the batch again: no repeat", 0, station)
}

func linkCut(s *stage) {
	station, _ := s.station("cut", nil)
	s.reading(station, func() {
		for range 30 {
			time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond) //nolint:gosec // any moment
			s.all((*faultproxy.Proxy).Cut)
		}
	})
	s.drained(station, time.Minute)
	s.judge("connections reset 30 times", "no repeat", 0, station)
}

// linkDown has eight hours' readings of one a second written while nothing gets through.
func linkDown(s *stage) {
	station, log := s.station("down", nil)
	s.all(func(p *faultproxy.Proxy) { p.Down(true) })
	begin := time.Now().Add(-8 * time.Hour)
	for i := 0; i < 28_800; i += 100 {
		var metrics []telegraf.Metric
		for j := i; j < i+100; j++ {
			metrics = append(metrics, station.Reading(j, begin.Add(time.Duration(j)*time.Second)))
		}
		require.NoError(s, station.Write(metrics...))
	}
	state, err := outbox.Inspect(station.Outbox())
	require.NoError(s, err)
	require.EqualValues(s, 28_800, state.Queues[0].Waiting)
	s.all(func(p *faultproxy.Proxy) { p.Down(false) })
	back := time.Now()
	s.drained(station, 2*time.Minute)
	s.Logf("28,800 readings in %s", time.Since(back))
	s.requireLogged(log, "cannot connect to Kafka at ", "the records wait, it is tried again", "Connected to Kafka after ")
	s.judge("link down for 8 simulated hours at a reading a second", "all after the link is back", 0, station)
}

func slowLink(s *stage) {
	station, _ := s.station("slow", nil)
	require.NoError(s, station.Read(1))
	s.drained(station, time.Minute)
	s.all(func(p *faultproxy.Proxy) { p.Slow(10_000, time.Second) }) // each direction: 2 s for request and answer
	require.NoError(s, station.Read(1000))
	s.drained(station, 3*time.Minute)
	s.all(func(p *faultproxy.Proxy) { p.Slow(0, 0) })
	s.judge("slow link: 10 kB/s, 2 s there and back, 1,000 readings at once", "slowly, each once", batch, station)
}

func tooFewReplicas(s *stage) {
	s.createTopic("replicas_1_rasp", map[string]string{"min.insync.replicas": "3", "message.timestamp.type": "LogAppendTime"})
	station, log := s.station("replicas", nil)
	require.NoError(s, station.Read(10))
	s.drained(station, time.Minute)
	other := (s.leader(station.Topic()) + 1) % 3
	s.reading(station, func() {
		require.NoError(s, s.kafka.Kill(other))
		require.Eventually(s, func() bool {
			return strings.Contains(fmt.Sprint(log.Messages()), "fewer in-sync replicas than required")
		}, time.Minute, 50*time.Millisecond)
		s.restart(other)
	})
	s.drained(station, 2*time.Minute)
	s.requireLogged(log, `Topic "replicas_1_rasp" is written again`)
	s.judge("in-sync replicas below min.insync.replicas", "waits, then goes on", 0, station)
}

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
	station, log := s.station("deleted", nil)
	require.NoError(s, station.Read(10))
	s.drained(station, time.Minute)
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

func badRecords(s *stage) {
	s.createTopic("bad_1_rasp", map[string]string{"max.message.bytes": "2000", "message.timestamp.type": "LogAppendTime"})
	station, log := s.station("bad", func(k *kafka_site.KafkaSite) { k.UnknownFields = "keep" })
	var metrics []telegraf.Metric
	for i := range 30 {
		m := station.Reading(i, time.Now())
		if i%10 == 4 {
			noise := make([]byte, 3000)
			for j := range noise {
				noise[j] = byte('!' + rand.IntN(90)) //nolint:gosec // any moment
			}
			m.AddField("note", string(noise))
		}
		if i%10 == 7 {
			m.AddField("light", "bright")
		}
		metrics = append(metrics, m)
	}
	require.NoError(s, station.Write(metrics...))
	station.accepted -= 3 // unserialisable: they have no number
	s.drained(station, time.Minute)
	require.NoError(s, station.Read(1)) // tells of the numbers
	s.drained(station, time.Minute)
	s.requireLogged(log, "cannot be written and is parked: topic", `field "light" must be a number, not the string "bright"`)
	parked, err := outbox.ListParked(station.Outbox())
	require.NoError(s, err)
	require.Len(s, parked, 6)
	report := s.judge("3 records too large for the topic, 3 that are none, among 30", "24 arrive, 6 are parked", 0, station)
	require.EqualValues(s, 3, report.Parked())
	require.EqualValues(s, 25, report.Records())
}

// killed kills a station's process at random moments while it reads and sends.
func killed(s *stage) {
	times := 20
	if long() {
		times = 200
	}
	station := &Station{Site: "kills", Device: "pi", Dir: s.TempDir(), Brokers: s.addresses()}
	for range times {
		child, err := StartChild(station, station.accepted)
		require.NoError(s, err)
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond) //nolint:gosec // any moment
		require.NoError(s, child.End(syscall.SIGKILL))
		station.accepted = child.Accepted()
	}
	require.NoError(s, station.Start())
	s.drained(station, time.Minute)
	require.NoError(s, station.Stop())
	report := s.audit(station.Topic())
	s.results.Add(Result{
		Fault: fmt.Sprintf("agent killed with kill -9 at %d random moments", times), Expected: "nothing accepted is lost", Seen: verdict(report),
		Records: report.Records(), Lost: report.Lost() + report.Missing(), Repeated: report.Repeated(), Stall: s.stall(station.Topic()),
	})
	require.True(s, report.Sound(), "%+v", report)
	distinct := report.Records() - report.Repeated()
	require.GreaterOrEqual(s, distinct, int64(station.accepted))
	require.LessOrEqual(s, distinct, int64(station.accepted+times), "one may be on disk that was not told yet")
	require.LessOrEqual(s, report.Repeated(), int64(times*batch))
}

func terminated(s *stage) {
	station := &Station{Site: "hangs", Device: "pi", Dir: s.TempDir(), Brokers: s.addresses()}
	child, err := StartChild(station, 0)
	require.NoError(s, err)
	require.Eventually(s, func() bool { return child.Accepted() > 100 }, time.Minute, time.Millisecond)
	s.all(func(p *faultproxy.Proxy) { p.Hold(true) })
	before := child.Accepted()
	require.Eventually(s, func() bool { return child.Accepted() > before+200 }, time.Minute, time.Millisecond)
	began := time.Now()
	require.NoError(s, child.End(syscall.SIGTERM))
	ended := time.Since(began)
	require.Less(s, ended, 10*time.Second)
	s.all(func(p *faultproxy.Proxy) { p.Hold(false) })
	station.accepted = child.Accepted()
	require.NoError(s, station.Start())
	s.drained(station, time.Minute)
	require.NoError(s, station.Stop())
	s.judge(fmt.Sprintf("SIGTERM while Kafka hangs: ended in %.1f s", ended.Seconds()), "the rest stays on disk and is sent by the next start", batch, station)
}

// diskFull has the outbox on a small filesystem.
func diskFull(s *stage) {
	dir := filepath.Join(s.TempDir(), "disk")
	require.NoError(s, os.Mkdir(dir, 0o700))
	mount(s, dir, "mode=1777,size=1m")
	s.all(func(p *faultproxy.Proxy) { p.Down(true) })
	station := &Station{Site: "full", Device: "pi", Dir: dir, Brokers: s.addresses(), Change: func(k *kafka_site.KafkaSite) { k.WriteTimeout = 1_000_000_000 }}
	require.NoError(s, station.Start())
	var err error
	for err == nil {
		err = station.Read(1)
	}
	require.ErrorContains(s, err, "no space left on device")
	require.Greater(s, station.accepted, 1000)
	refused := station.Reading(station.accepted, time.Now())
	require.Error(s, station.Write(refused))
	remount(s, dir, "size=16m")
	require.NoError(s, station.Write(refused), "Telegraf hands it over again")
	require.NoError(s, station.Read(100))
	s.all(func(p *faultproxy.Proxy) { p.Down(false) })
	s.drained(station, time.Minute)
	require.NoError(s, station.Stop())
	s.judge("the station's disk full while the link is down, then freed", "Write says so, Telegraf keeps the rest, all arrives", 0, station)
}

// mount puts a small filesystem in memory at a directory.
func mount(s *stage, dir, options string) {
	s.Helper()
	require.NoError(s, asRoot("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir))
	s.Cleanup(func() { require.NoError(s, asRoot("umount", dir)) })
}

func remount(s *stage, dir, options string) {
	s.Helper()
	require.NoError(s, asRoot("mount", "-o", "remount,"+options, dir))
}

// asRoot runs a command that needs root's rights; without them by sudo, which must not ask.
func asRoot(command ...string) error {
	if os.Geteuid() != 0 {
		command = append([]string{"sudo", "-n"}, command...)
	}
	output, err := exec.Command(command[0], command[1:]...).CombinedOutput() //nolint:gosec,noctx // our own
	if err != nil {
		return fmt.Errorf("%v: %w: %s", command, err, output)
	}
	return nil
}

// brokerDiskFull fills the disk of a topic's leader: Kafka then stops that broker by itself.
func brokerDiskFull(s *stage) {
	var station *Station
	for i := 0; ; i++ { // until a topic is led by the broker with the small disk
		station, _ = s.station(fmt.Sprintf("disk%d", i), nil)
		require.NoError(s, station.Read(10))
		s.drained(station, time.Minute)
		if s.leader(station.Topic()) == smallBroker {
			break
		}
	}
	ballast := filepath.Join(s.disk, "ballast")
	s.reading(station, func() {
		output, err := exec.Command("dd", "if=/dev/zero", "of="+ballast, "bs=1M").CombinedOutput() //nolint:gosec,noctx // our own
		require.Error(s, err, "the disk is full: %s", output)
		require.Eventually(s, func() bool { return len(s.kafka.PIDs()) == 2 }, 2*time.Minute, 100*time.Millisecond, "the broker goes on with a full disk")
		require.NoError(s, os.Remove(ballast))
		s.restart(smallBroker)
	})
	s.drained(station, 2*time.Minute)
	s.judge("a leader's disk full: Kafka ends that broker; freed and started again", "another broker takes over", batch, station)
}

func brokersEdited(s *stage) {
	station := &Station{Site: "edited", Device: "pi", Dir: s.TempDir(), Brokers: []string{"127.0.0.1:1"}}
	require.NoError(s, station.Start())
	require.NoError(s, station.Read(200))
	require.NoError(s, station.Stop())
	station.Brokers = s.addresses()
	require.NoError(s, station.Start())
	require.NoError(s, station.Read(10))
	s.drained(station, time.Minute)
	require.NoError(s, station.Stop())
	s.judge("broker list edited with a backlog", "the backlog goes to the new brokers", 0, station)
}

// brokersRestarted looks that the agent's goroutines and memory stay where they were.
func brokersRestarted(s *stage) {
	restarts, topics := 3, 100
	if long() {
		restarts, topics = 100, 1000
	}
	shared, _ := s.station("fleet0", func(k *kafka_site.KafkaSite) { k.ReplicationFactor = 1 })
	stations := make([]*Station, 0, topics)
	for i := range topics {
		stations = append(stations, &Station{Site: fmt.Sprintf("fleet%d", i), Device: "pi", Dir: shared.Dir, output: shared.output})
	}
	round := func() {
		for _, station := range stations {
			require.NoError(s, station.Read(1))
		}
	}
	round()
	s.drained(shared, 5*time.Minute)
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	for i := range restarts {
		require.NoError(s, s.kafka.StopBroker(i%3))
		round()
		s.restart(i % 3)
	}
	round()
	s.drained(shared, 5*time.Minute)
	s.Logf("%d goroutines and %d kB of heap before, %d and %d kB after", goroutines, heap>>10, runtime.NumGoroutine(), heapInUse()>>10)
	require.LessOrEqual(s, runtime.NumGoroutine(), goroutines+20)
	require.Less(s, heapInUse(), heap*2+10<<20)
	s.judge(fmt.Sprintf("%d broker restarts with %d topics", restarts, topics), "goroutines and memory flat", batch*int64(restarts), stations...)
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapInuse
}
