package queue

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// RecordSize is that of a record of the schema "environment" with its keys in a frame.
const RecordSize = 230

// Record is the n-th record: JSON as a station sends it, with n in its time, and different in every byte that can differ.
func Record(n uint64) []byte {
	sum := sha512.Sum512(fmt.Appendf(nil, "%d", n))
	reading := func(i, limit int) int { return (int(sum[i])<<8 | int(sum[i+1])) % limit }
	text := fmt.Appendf(nil, `{"device_id":"RaspberryPi","status":0,"time":"%s","lat":35.17959,"lon":126.90822,`+
		`"alcohol_gas":%d,"co_gas":%d,"temp":%d.%02d,"light":%d,"dust":0.%04d,"key":"`,
		time.Unix(int64(n), 0).UTC().Format(time.RFC3339Nano), //nolint:gosec // n counts a benchmark's records
		reading(0, 1024), reading(2, 1024), reading(4, 45), reading(6, 100), reading(8, 1024), reading(10, 10000))
	text = append(text, base64.RawURLEncoding.EncodeToString(sum[:])...)
	return append(text[:RecordSize-2], `"}`...)
}

// Records are those of the numbers from first on.
func Records(first uint64, n int) [][]byte {
	records := make([][]byte, n)
	for i := range records {
		records[i] = Record(first + uint64(i))
	}
	return records
}

// Number tells which record this is, if it is one to the last byte.
func Number(record []byte) (uint64, bool) {
	var parsed struct {
		Time time.Time `json:"time"`
	}
	if json.Unmarshal(record, &parsed) != nil {
		return 0, false
	}
	n := uint64(parsed.Time.Unix()) //nolint:gosec // Record wrote it
	return n, bytes.Equal(record, Record(n))
}
