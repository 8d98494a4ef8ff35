//go:build real

package faults

import (
	"math/rand/v2"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

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
	require.NoError(s, station.Deliver(metrics...))
	station.accepted -= 3 // unserialisable: they have no number
	s.drained(station, time.Minute)
	require.NoError(s, station.Read(1)) // reports the numbers
	s.drained(station, time.Minute)
	s.requireLogged(log, "cannot be written and was parked: topic", `field "light" must be a number, not the string "bright"`)
	parked, err := outbox.ListParked(station.Outbox())
	require.NoError(s, err)
	require.Len(s, parked, 6)
	report := s.verify("3 records too large for the topic and 3 invalid ones among 30", "24 arrive, 6 are parked", 0, station)
	require.EqualValues(s, 3, report.Parked())
	require.EqualValues(s, 25, report.Records())
}
