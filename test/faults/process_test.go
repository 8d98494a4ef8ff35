//go:build real

package faults

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/faultproxy"
)

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
	station.Stop()
	report := s.audit(station.Topic())
	s.results.Add(Result{
		Fault: fmt.Sprintf("agent killed with kill -9 at %d random moments", times), Expected: "nothing accepted is lost", Seen: verdict(report),
		Records: report.Records(), Lost: report.Lost() + report.Missing(), Repeated: report.Repeated(), Stall: s.stall(station.Topic()),
	})
	require.True(s, report.OK(), "%+v", report)
	distinct := report.Records() - report.Repeated()
	require.GreaterOrEqual(s, distinct, int64(station.accepted))
	require.LessOrEqual(s, distinct, int64(station.accepted+times), "one may be on disk that was not printed yet")
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
	station.Stop()
	s.verify(fmt.Sprintf("SIGTERM while Kafka hangs: ended in %.1f s", ended.Seconds()), "the rest stays on disk and is sent by the next start", batch, station)
}
