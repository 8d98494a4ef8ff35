package kafka_sites

import (
	"fmt"
	"testing"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// numbered is a record with headers of an agent; those that are empty are left out.
func numbered(epoch, seq, skipped string) *sarama.ConsumerMessage {
	message := &sarama.ConsumerMessage{Key: []byte("pi")}
	for key, value := range map[string]string{record.HeaderEpoch: epoch, record.HeaderSeq: seq, record.HeaderSkipped: skipped} {
		if value != "" {
			message.Headers = append(message.Headers, &sarama.RecordHeader{Key: []byte(key), Value: []byte(value)})
		}
	}
	return message
}

func TestWhatNumbersTell(t *testing.T) {
	const first, second = "0000000000000001", "0000000000000002"
	type rec struct{ epoch, seq, skipped string }
	for name, test := range map[string]struct {
		records       []rec
		lost, givenUp uint64
	}{
		"none missing":                 {[]rec{{first, "1", ""}, {first, "2", ""}, {first, "3", ""}}, 0, 0},
		"the first sets the baseline":  {[]rec{{first, "900", ""}, {first, "901", ""}}, 0, 0},
		"a gap":                        {[]rec{{first, "5", ""}, {first, "9", ""}, {first, "11", ""}}, 4, 0},
		"a gap that is told":           {[]rec{{first, "5", ""}, {first, "9", "parked=6;dropped=7-8"}}, 0, 3},
		"a gap that is told in part":   {[]rec{{first, "5", ""}, {first, "9", "parked=7"}}, 2, 1},
		"a gap that is told later":     {[]rec{{first, "5", ""}, {first, "9", ""}, {first, "10", ""}, {first, "11", "parked=7"}}, 2, 1},
		"told before the baseline":     {[]rec{{first, "9", "dropped=1-8"}}, 0, 8},
		"a repeat":                     {[]rec{{first, "5", ""}, {first, "7", "parked=6"}, {first, "5", ""}, {first, "7", "parked=6"}, {first, "8", ""}}, 0, 1},
		"one that comes late":          {[]rec{{first, "5", ""}, {first, "8", ""}, {first, "6", ""}}, 1, 0},
		"a new epoch starts anew":      {[]rec{{first, "5", ""}, {second, "1", ""}, {second, "2", ""}}, 0, 0},
		"what an epoch lost stays":     {[]rec{{first, "5", ""}, {first, "7", ""}, {second, "1", ""}, {second, "3", ""}}, 2, 0},
		"two stations of one name":     {[]rec{{first, "500", ""}, {second, "900", ""}, {first, "501", ""}, {second, "901", ""}}, 0, 0},
		"numbers of no agent":          {[]rec{{first, "5", ""}, {"", "", ""}, {"x", "9", ""}, {first, "x", ""}, {first, "6", ""}}, 0, 0},
		"skipped that makes no sense":  {[]rec{{first, "5", ""}, {first, "6", "lost=1-9"}}, 0, 0},
		"as many as a liar could tell": {[]rec{{first, "1", ""}, {first, "9007199254740991", "parked=1-9007199254740991,1-9007199254740991"}}, 0, record.MaxSeq},
	} {
		t.Run(name, func(t *testing.T) {
			var n numbers
			for _, r := range test.records {
				if number, ok := numberOf(numbered(r.epoch, r.seq, r.skipped)); ok {
					n.note(number)
				}
			}
			require.Equal(t, test.lost, n.lost, "lost")
			require.Equal(t, test.givenUp, n.givenUp, "given up")
		})
	}
}

func TestTheMemoryOfADeviceIsBounded(t *testing.T) {
	var n numbers
	const epoch, records = "0000000000000001", 10_000
	for i := range records {
		number, ok := numberOf(numbered(epoch, fmt.Sprint(1+i*2), ""))
		require.True(t, ok)
		n.note(number)
	}
	require.EqualValues(t, records-1, n.lost)
	require.Len(t, n.missing, maxGaps)
	number, ok := numberOf(numbered(epoch, fmt.Sprint(records*2), "dropped=1-"+fmt.Sprint(records*2-1)))
	require.True(t, ok)
	n.note(number)
	require.EqualValues(t, records-1-maxGaps, n.lost, "what is in older gaps stays lost")
	require.Empty(t, n.missing)
}

func TestTheDevicesOfAPartitionAreBounded(t *testing.T) {
	c := &claim{devices: make(map[string]*device)}
	c.read(&sarama.ConsumerMessage{Key: make([]byte, maxKey+1)}, start)
	require.Empty(t, c.devices)
	for i := range 2 * maxDevices {
		c.read(&sarama.ConsumerMessage{Key: []byte(fmt.Sprint(i))}, start)
	}
	require.Len(t, c.devices, maxDevices)
}
