package kafka_sites

import (
	"fmt"
	"time"

	"github.com/influxdata/telegraf"
)

// Pauses after a record was rejected, before it is read again: they double, and begin anew when none was for longer than the
// longest of them.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// rejectionError ends a session: an output dropped a record's metric, or its buffer was full.
type rejectionError struct {
	topic     string
	partition int32
	offset    int64
}

func (e *rejectionError) Error() string {
	return fmt.Sprintf("the outputs dropped the record of topic %s, partition %d, offset %d", e.topic, e.partition, e.offset)
}

// setbacks are the rejections in a row.
type setbacks struct {
	pause  time.Duration // the last one; zero before the first
	last   time.Time
	logged time.Time
}

func (s *setbacks) next(now time.Time) time.Duration {
	if now.Sub(s.last) > s.pause+longestPause {
		*s = setbacks{}
	}
	s.pause = min(max(2*s.pause, firstPause), longestPause)
	s.last = now
	return s.pause
}

// report logs the first of a row, and one every troublePeriod.
func (s *setbacks) report(log telegraf.Logger, rejection *rejectionError, pause time.Duration) {
	if time.Since(s.logged) < troublePeriod {
		return
	}
	s.logged = time.Now()
	log.Errorf("Going back to the committed offsets in %s, because %s; its own message says why. Nothing is lost, but all topics wait "+
		"while this lasts: write with outputs.influxdb_sites, and keep metric_buffer_limit above max_undelivered_messages", pause, rejection)
}
