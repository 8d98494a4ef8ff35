package kafka_sites

import (
	"fmt"
	"sync"
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
	limit     int // of records under way from now on
}

func (e *rejectionError) Error() string {
	return fmt.Sprintf("the outputs dropped the record of topic %s, partition %d, offset %d", e.topic, e.partition, e.offset)
}

// setbacks are the rejections in a row. While one goes on there are fewer records under way.
type setbacks struct {
	mu     sync.Mutex
	pause  time.Duration // the last one; zero before the first
	last   time.Time
	logged time.Time
}

func (s *setbacks) next(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOver(now) {
		s.pause, s.logged = 0, time.Time{}
	}
	s.pause = min(max(2*s.pause, firstPause), longestPause)
	s.last = now
	return s.pause
}

func (s *setbacks) isOver(now time.Time) bool { return now.Sub(s.last) > s.pause+longestPause }

// areOver tells once that there was no rejection for long, and then begins to wait for the next time.
func (s *setbacks) areOver(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pause == 0 || !s.isOver(now) {
		return false
	}
	s.last = now
	return true
}

// report logs the first of a row, and one every troublePeriod.
func (s *setbacks) report(log telegraf.Logger, rejection *rejectionError, pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.logged) < troublePeriod {
		return
	}
	s.logged = time.Now()
	log.Errorf("Going back to the committed offsets in %s, with %d records under way at most, because %s; its own message says why. "+
		"Nothing is lost, but all topics wait while this lasts: write with outputs.influxdb_sites, and keep metric_buffer_limit above "+
		"max_undelivered_messages", pause, rejection.limit, rejection)
}
