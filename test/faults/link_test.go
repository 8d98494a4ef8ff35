//go:build real

package faults

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/test/bed/faultproxy"
)

func acknowledgementLost(s *stage) {
	station, _ := s.writing("acks")
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
	s.verify(fmt.Sprintf("acknowledgement lost after the append, %d times", lost), "Kafka recognizes the batch: no repeat", 0, station)
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
	s.verify("connections reset 30 times", "no repeat", 0, station)
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
		require.NoError(s, station.Deliver(metrics...))
	}
	state, err := outbox.Inspect(station.Outbox())
	require.NoError(s, err)
	require.EqualValues(s, 28_800, state.Topics[0].Pending)
	s.all(func(p *faultproxy.Proxy) { p.Down(false) })
	back := time.Now()
	s.drained(station, 2*time.Minute)
	s.Logf("28,800 readings in %s", time.Since(back))
	s.requireLogged(log, "cannot connect to Kafka at ", "records stay pending; retrying", "Connected to Kafka after ")
	s.verify("link down for 8 simulated hours at a reading a second", "all after the link is back", 0, station)
}

func slowLink(s *stage) {
	station, _ := s.station("slow", nil)
	require.NoError(s, station.Read(1))
	s.drained(station, time.Minute)
	s.all(func(p *faultproxy.Proxy) { p.Slow(10_000, time.Second) }) // each direction: 2 s for request and answer
	require.NoError(s, station.Read(1000))
	s.drained(station, 3*time.Minute)
	s.all(func(p *faultproxy.Proxy) { p.Slow(0, 0) })
	s.verify("slow link: 10 kB/s, 2 s there and back, 1,000 readings", "slowly, each once", batch, station)
}
