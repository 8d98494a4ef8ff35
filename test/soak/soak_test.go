//go:build real

package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/disk"
	"github.com/telegraf-station/telegraf-station/test/bed/faultproxy"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// interval is the time between two lines of the board.
const interval = 20 * time.Millisecond

// duration is an hour for `make faults`, a minute and a half for `make test-real`, or what SOAK says, such as 10m.
func duration() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("SOAK")); err == nil {
		return d
	}
	if os.Getenv("FAULTS") == "long" {
		return time.Hour
	}
	return 90 * time.Second
}

// soak is a station to which faults happen.
type soak struct {
	*testing.T
	random  *rand.Rand
	proxies []*faultproxy.Proxy
	brokers []string // without the proxies
	disk    *disk.Disk
	outbox  string
	program string
	station telegraf.Station
	running *process.Process
	board   *arduino.Board

	mu      sync.Mutex
	paused  bool
	number  int
	printed []time.Time // by number

	// What follows is also guarded by mu. kafkaDown and unsafe are since when Kafka, or the outbox, cannot be used; zero: they can.
	kafkaDown, unsafe time.Time
	full, closed      bool
	// mayLose are the times whose readings a crash could take.
	mayLose [][2]time.Time
	faults  map[string]int
}

// TestSoak is the worst day of a station: its process, disk, directory, permissions, and network fail at random moments and together.
func TestSoak(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := &soak{T: t, random: rand.New(rand.NewPCG(seed, 1)), printed: make([]time.Time, 1, 200_000), faults: make(map[string]int)} //nolint:gosec // a seed
	s.start()
	for end := time.Now().Add(duration()); time.Now().Before(end) && s.newest() < MaxNumber; {
		s.fault()
		time.Sleep(time.Duration(s.random.IntN(3000)) * time.Millisecond)
	}
	s.heal()
	s.judge()
}

func (s *soak) start() {
	ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
	defer cancel()
	cluster, err := kafka.StartReal(ctx, kafka.Options{Dir: s.TempDir(), Log: os.Stderr, Proxy: func(broker string) (string, error) {
		proxy, err := faultproxy.Start(broker)
		if err != nil {
			return "", err
		}
		s.proxies = append(s.proxies, proxy)
		return proxy.Address(), nil
	}})
	require.NoError(s, err)
	s.Cleanup(func() {
		require.NoError(s, cluster.Close())
		for _, proxy := range s.proxies {
			require.NoError(s, proxy.Close())
		}
	})
	s.brokers = cluster.Addresses()

	public, err := os.MkdirTemp("", "soak") // every user must be able to enter it
	require.NoError(s, err)
	s.Cleanup(func() { require.NoError(s, os.RemoveAll(public)) })
	require.NoError(s, os.Chmod(public, 0o755))
	binary, err := telegraf.Build(ctx, os.Stderr)
	require.NoError(s, err)
	s.program, err = telegraf.Unprivileged(binary, public)
	require.NoError(s, err)
	s.disk, err = disk.Make(public, "card", 64<<20)
	require.NoError(s, err)
	s.Cleanup(func() { require.NoError(s, s.disk.Remove()) })
	require.NoError(s, os.Chmod(s.disk.Dir, 0o755))
	require.NoError(s, os.Chown(s.disk.Dir, telegraf.ServiceUser, telegraf.ServiceUser))
	s.outbox = filepath.Join(s.disk.Dir, "outbox")

	s.station = telegraf.Station{Port: filepath.Join(public, "ttyACM0"), DeviceID: "pi", Site: "SOAK", Index: "1", Type: "rasp", Outbox: s.outbox}
	for _, proxy := range s.proxies {
		s.station.Brokers = append(s.station.Brokers, proxy.Address())
	}
	s.board, err = arduino.Plug(s.station.Port)
	require.NoError(s, err)
	s.Cleanup(func() { require.NoError(s, s.board.Unplug()) })
	require.NoError(s, os.Chmod(s.station.Port, 0o666))
	s.paused = true
	go s.print(s.Context())
	s.startStation()
	s.Cleanup(func() { _ = s.running.Kill() })
}

// print has the board print the next numbers, unless it is paused.
func (s *soak) print(ctx context.Context) {
	for range time.Tick(interval) {
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		if !s.paused {
			s.number++
			s.printed = append(s.printed, time.Now())
			_ = s.board.Print(Line(s.number)) // fails at the end
		}
		s.mu.Unlock()
	}
}

func (s *soak) newest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number
}

func (s *soak) pause(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = paused
}

// startStation returns when readings are read: what a board prints before that is not read.
func (s *soak) startStation() {
	require.NoError(s, s.board.Release())
	var err error
	s.running, err = s.station.Start(s.program, filepath.Dir(s.program))
	require.NoError(s, err)
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			_ = s.board.Print(Line(0)) // fails at the end
			time.Sleep(50 * time.Millisecond)
		}
	}()
	require.NoError(s, s.running.WaitForLog(ctx, "Reading from"))
	cancel()
	time.Sleep(100 * time.Millisecond)
	s.pause(false)
}

// fault does something bad, or ends it.
func (s *soak) fault() {
	var name string
	var do func()
	switch n := s.random.IntN(100); {
	case n < 20:
		name, do = "kill -9", s.kill
	case n < 28:
		name, do = "SIGTERM", s.terminate
	case n < 52:
		name, do = "Kafka away or back", s.toggleKafka
	case n < 64:
		name, do = "connections cut", func() { s.each((*faultproxy.Proxy).Cut) }
	case n < 72:
		name, do = "acknowledgements lost", func() { s.each(func(p *faultproxy.Proxy) { p.LoseAcks(3) }) }
	case n < 81:
		name, do = "disk full or freed", s.toggleFull
	case n < 89:
		name, do = "permissions removed or restored", s.toggleClosed
	case n < 95:
		name, do = "disk hangs", s.hang
	default:
		name, do = "directory removed", s.remove
	}
	s.faults[name]++
	s.Logf("%s %s", time.Now().Format(time.TimeOnly), name)
	do()
}

func (s *soak) each(do func(*faultproxy.Proxy)) {
	for _, proxy := range s.proxies {
		do(proxy)
	}
}

func (s *soak) toggleKafka() {
	s.mu.Lock()
	down := s.kafkaDown.IsZero()
	s.kafkaDown = time.Time{}
	if down {
		s.kafkaDown = time.Now()
	}
	s.mu.Unlock()
	if s.random.IntN(2) == 0 || !down {
		s.each(func(p *faultproxy.Proxy) { p.Down(down) })
	}
	s.each(func(p *faultproxy.Proxy) { p.Hold(down) })
}

// markUnsafe notes that the outbox cannot be used from now on, or that it can again soon.
func (s *soak) markUnsafe() {
	if s.unsafe.IsZero() {
		s.unsafe = time.Now()
	}
}

const (
	// healing is how long the station may take to notice that the outbox can be used again, with the interval of its attempts (10 s).
	healing = 15 * time.Second
	// unsynced is how long a reading may take from the board to the disk of this busy machine.
	unsynced = time.Second
)

func (s *soak) markSafe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full || s.closed {
		return
	}
	since := s.unsafe
	time.AfterFunc(healing, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.unsafe.Equal(since) && !s.full && !s.closed {
			s.unsafe = time.Time{}
		}
	})
}

// crashed notes which readings the end of the process could take: those that were not synced, and while the outbox cannot be used, all that
// Kafka does not have.
func (s *soak) crashed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := time.Now().Add(-unsynced)
	if !s.unsafe.IsZero() {
		from = s.unsafe
		if !s.kafkaDown.IsZero() && s.kafkaDown.Before(from) {
			from = s.kafkaDown
		}
		from = from.Add(-10 * time.Second) // what Kafka had not acknowledged by then
	}
	s.mayLose = append(s.mayLose, [2]time.Time{from, time.Now()})
}

func (s *soak) kill() {
	s.pause(true)
	s.crashed()
	require.NoError(s, s.running.Kill())
	s.startStation()
}

func (s *soak) terminate() {
	s.pause(true)
	time.Sleep(unsynced) // what the board printed is read
	s.mu.Lock()
	unsafe := !s.unsafe.IsZero()
	s.mu.Unlock()
	if unsafe {
		s.crashed()
	}
	require.NoError(s, s.running.Stop(20*time.Second))
	s.startStation()
}

func (s *soak) filler() string { return filepath.Join(s.disk.Dir, "filler") }

func (s *soak) toggleFull() {
	if s.toggle(&s.full) {
		require.NoError(s, disk.Fill(s.filler(), 0))
		return
	}
	require.NoError(s, os.Remove(s.filler()))
	s.markSafe()
}

// toggle starts or ends a fault of the outbox, and reports whether it started it.
func (s *soak) toggle(fault *bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *fault = !*fault; *fault {
		s.markUnsafe()
	}
	return *fault
}

func (s *soak) lockedMark() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.markUnsafe()
}

func (s *soak) toggleClosed() {
	mode, closed := os.FileMode(0o750), s.toggle(&s.closed)
	if closed {
		mode = 0
	}
	if err := os.Chmod(s.outbox, mode); err != nil {
		require.ErrorIs(s, err, os.ErrNotExist)
	}
	if !closed {
		s.markSafe()
	}
}

func (s *soak) hang() {
	s.lockedMark()
	require.NoError(s, s.disk.Freeze())
	time.Sleep(time.Duration(s.random.IntN(3000)) * time.Millisecond)
	require.NoError(s, s.disk.Thaw())
	s.markSafe()
}

func (s *soak) remove() {
	s.lockedMark()
	require.NoError(s, os.RemoveAll(s.outbox))
	s.mu.Lock()
	s.closed = false
	s.mu.Unlock()
	s.markSafe()
}

// heal ends all faults and waits until the last reading is in Kafka.
func (s *soak) heal() {
	s.mu.Lock()
	full, closed, down := s.full, s.closed, !s.kafkaDown.IsZero()
	s.mu.Unlock()
	if full {
		s.toggleFull()
	}
	if closed {
		s.toggleClosed()
	}
	if down {
		s.toggleKafka()
	}
	time.Sleep(healing + 15*time.Second)
	s.pause(true)
	time.Sleep(unsynced)
	require.Eventually(s, func() bool {
		newest := s.newest()
		v, err := Judge(s.Context(), s.brokers, s.station.Topic(), newest, func(n int) bool { return n < newest })
		return err == nil && len(v.Lost) == 0
	}, 5*time.Minute, 5*time.Second, "the last reading arrives; the log:\n%s", s.running.Tail())
	require.NoError(s, s.running.Signal(syscall.SIGTERM))
	<-s.running.Done()
}

func (s *soak) judge() {
	s.mu.Lock() // the board is paused
	defer s.mu.Unlock()
	v, err := Judge(s.Context(), s.brokers, s.station.Topic(), s.number, func(number int) bool {
		for _, window := range s.mayLose {
			if at := s.printed[number]; at.After(window[0]) && at.Before(window[1]) {
				return true
			}
		}
		return false
	})
	require.NoError(s, err)
	report, err := audit.Run(s.Context(), audit.Options{Brokers: s.brokers, Topics: []string{s.station.Topic()}})
	require.NoError(s, err)
	s.Logf("faults: %v", s.faults)
	s.Logf("%d readings printed, %d in Kafka (%d records), %d taken by a crash before they were synced; lost %d, conflicts %d; audit: lost %d, conflicts %d, repeated %d",
		s.number, v.Readings, v.Records, v.Allowed, len(v.Lost), len(v.Conflicts), report.Lost(), report.Conflicts(), report.Repeated())
	require.Empty(s, v.Lost, "lost; the log:\n%s", s.running.Tail())
	require.Empty(s, v.Conflicts)
	require.Zero(s, report.Conflicts())
	require.LessOrEqual(s, report.Lost(), int64(v.Allowed), "the audit reports no loss that did not happen")
	fmt.Fprintf(os.Stderr, "soak: lost %d of %d\n", len(v.Lost), s.number)
}
