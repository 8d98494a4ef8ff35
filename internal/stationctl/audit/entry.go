package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// entry is a record as it was read.
type entry struct {
	partition int32
	position  position
	skipped   record.Skipped
	value     []byte
	// time is zero if the value is not a reading.
	time time.Time
	// whole is true if the partition begins at offset 0.
	whole bool
}

// read decodes the headers and the value. A record with an invalid value or invalid skipped numbers still counts with its number: it has
// arrived, and is not lost.
func (e *entry) read(headers map[string]string) (numbered bool, err error) {
	if e.position.epoch, err = record.ParseEpoch(headers[record.HeaderEpoch]); err != nil {
		return false, err
	}
	if e.position.seq, err = record.ParseSeq(headers[record.HeaderSeq]); err != nil {
		return false, err
	}
	var skipErr, timeErr error
	e.skipped, skipErr = record.ParseSkipped(headers[record.HeaderSkipped])
	e.time, timeErr = readingTime(e.value)
	return true, errors.Join(skipErr, timeErr)
}

func readingTime(value []byte) (time.Time, error) {
	var reading struct {
		Time time.Time `json:"time"`
	}
	if err := json.Unmarshal(value, &reading); err != nil {
		return time.Time{}, fmt.Errorf("the value is not a reading: %w", err)
	}
	if reading.Time.IsZero() {
		return time.Time{}, errors.New("the value is not a reading: it has no time")
	}
	return reading.Time, nil
}
