package kafka_sites

import (
	"fmt"
	"testing"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// numbered returns a record with the headers of an agent, without those that are empty.
func numbered(epoch, seq, skipped string) *sarama.ConsumerMessage {
	message := &sarama.ConsumerMessage{Key: []byte("pi")}
	for key, value := range map[string]string{record.HeaderEpoch: epoch, record.HeaderSeq: seq, record.HeaderSkipped: skipped} {
		if value != "" {
			message.Headers = append(message.Headers, &sarama.RecordHeader{Key: []byte(key), Value: []byte(value)})
		}
	}
	return message
}

func TestMissingRecords(t *testing.T) {
	t.Parallel()
	const first, second = "0000000000000001", "0000000000000002"
	type rec struct{ epoch, seq, skipped string }
	for name, test := range map[string]struct {
		records       []rec
		lost, givenUp uint64
	}{
		"none missing":                  {[]rec{{first, "1", ""}, {first, "2", ""}, {first, "3", ""}}, 0, 0},
		"the first sets the baseline":   {[]rec{{first, "900", ""}, {first, "901", ""}}, 0, 0},
		"a gap":                         {[]rec{{first, "5", ""}, {first, "9", ""}, {first, "11", ""}}, 4, 0},
		"a skipped gap":                 {[]rec{{first, "5", ""}, {first, "9", "parked=6;dropped=7-8"}}, 0, 3},
		"a gap that is skipped in part": {[]rec{{first, "5", ""}, {first, "9", "parked=7"}}, 2, 1},
		"a gap that is skipped later":   {[]rec{{first, "5", ""}, {first, "9", ""}, {first, "10", ""}, {first, "11", "parked=7"}}, 2, 1},
		"skipped before the baseline":   {[]rec{{first, "9", "dropped=1-8"}}, 0, 8},
		"a repeat":                      {[]rec{{first, "5", ""}, {first, "7", "parked=6"}, {first, "5", ""}, {first, "7", "parked=6"}, {first, "8", ""}}, 0, 1},
		"a late record":                 {[]rec{{first, "5", ""}, {first, "8", ""}, {first, "6", ""}}, 1, 0},
		"a new epoch":                   {[]rec{{first, "5", ""}, {second, "1", ""}, {second, "2", ""}}, 0, 0},
		"losses of an earlier epoch":    {[]rec{{first, "5", ""}, {first, "7", ""}, {second, "1", ""}, {second, "3", ""}}, 2, 0},
		"two stations with one name":    {[]rec{{first, "500", ""}, {second, "900", ""}, {first, "501", ""}, {second, "901", ""}}, 0, 0},
		"invalid numbers":               {[]rec{{first, "5", ""}, {"", "", ""}, {"x", "9", ""}, {first, "x", ""}, {first, "6", ""}}, 0, 0},
		"an invalid skipped header":     {[]rec{{first, "5", ""}, {first, "6", "lost=1-9"}}, 0, 0},
		"the highest numbers":           {[]rec{{first, "1", ""}, {first, "9007199254740991", "parked=1-9007199254740991,1-9007199254740991"}}, 0, record.MaxSeq},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s sequence
			for _, r := range test.records {
				if number, ok := numberOf(numbered(r.epoch, r.seq, r.skipped)); ok {
					s.add(number)
				}
			}
			require.Equal(t, test.lost, s.lost, "lost")
			require.Equal(t, test.givenUp, s.givenUp, "parked or dropped")
		})
	}
}

func TestGapsOfADeviceAreLimited(t *testing.T) {
	t.Parallel()
	var s sequence
	const epoch, records = "0000000000000001", 10_000
	for i := range records {
		number, ok := numberOf(numbered(epoch, fmt.Sprint(1+i*2), ""))
		require.True(t, ok)
		s.add(number)
	}
	require.EqualValues(t, records-1, s.lost)
	require.Len(t, s.missing, maxGaps)
	number, ok := numberOf(numbered(epoch, fmt.Sprint(records*2), "dropped=1-"+fmt.Sprint(records*2-1)))
	require.True(t, ok)
	s.add(number)
	require.EqualValues(t, records-1-maxGaps, s.lost, "older gaps stay lost")
	require.Empty(t, s.missing)
}

func TestDevicesOfAPartitionAreLimited(t *testing.T) {
	t.Parallel()
	p := &partition{devices: make(map[string]*device)}
	p.read(&sarama.ConsumerMessage{Key: make([]byte, maxKey+1)}, start)
	require.Empty(t, p.devices)
	for i := range 2 * maxDevices {
		p.read(&sarama.ConsumerMessage{Key: []byte(fmt.Sprint(i))}, start)
	}
	require.Len(t, p.devices, maxDevices)
}
