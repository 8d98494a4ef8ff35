package audit

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

const goodValue = `{"time":"2026-11-24T12:00:00Z"}`

// A damaged header must not make up for what was lost elsewhere, nor an unreadable value count as lost: it has arrived.
func TestUnreadableRecords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		epoch, seq, skipped, value string
		numbered                   bool
	}{
		"the epoch has capitals":     {"18EADC35F82AB769", "2", "", goodValue, false},
		"the epoch is short":         {"18eadc", "2", "", goodValue, false},
		"the number is none":         {firstEpoch, "x", "", goodValue, false},
		"there is no number":         {firstEpoch, "", "", goodValue, false},
		"the number is 0":            {firstEpoch, "0", "", goodValue, false},
		"the number is too high":     {firstEpoch, "18446744073709551615", "", goodValue, false},
		"the value is not JSON":      {firstEpoch, "2", "", "no JSON", true},
		"the value is null":          {firstEpoch, "2", "", "null", true},
		"the value has no time":      {firstEpoch, "2", "", "{}", true},
		"the skipped are too high":   {firstEpoch, "2", "parked=3-18446744073709551615", goodValue, true},
		"the skipped make no sense":  {firstEpoch, "2", "abandoned=1", goodValue, true},
		"both of them make no sense": {firstEpoch, "2", "abandoned=1", "null", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReading(kadm.TopicDetail{Topic: "JNU_1_rasp"}, false)
			for _, each := range [][4]string{{firstEpoch, "1", "", goodValue}, {test.epoch, test.seq, test.skipped, test.value}, {firstEpoch, "3", "", goodValue}} {
				r.add(&kafka.Partition{Topic: "JNU_1_rasp"}, consumed(each))
			}
			d := r.devices["pi"].device("pi")
			report := Report{Topics: []Topic{r.topic}}
			require.EqualValues(t, 1, report.Unreadable())
			require.False(t, report.OK())
			require.Len(t, d.Epochs, 1)
			if test.numbered {
				require.EqualValues(t, 3, d.Records)
				require.Zero(t, d.Lost+d.Parked+d.Conflicts+d.OutOfOrder)
			} else {
				require.EqualValues(t, 2, d.Records)
				require.EqualValues(t, 1, d.Lost)
			}
		})
	}
}

func consumed(r [4]string) *kgo.Record {
	message := &kgo.Record{Key: []byte("pi"), Value: []byte(r[3])}
	for i, header := range []string{record.HeaderEpoch, record.HeaderSeq, record.HeaderSkipped} {
		if r[i] != "" {
			message.Headers = append(message.Headers, kgo.RecordHeader{Key: header, Value: []byte(r[i])})
		}
	}
	return message
}

// Any writer chooses the keys: they must not move a terminal's cursor, nor the table's columns.
func TestAnyKeyIsShown(t *testing.T) {
	t.Parallel()
	report := Report{Topics: []Topic{
		{Name: "JNU_1_rasp", Devices: []Device{{ID: "a\tb\x1b[2J"}, {ID: ""}, {ID: "온도"}}}, {Name: "GIST_1_rasp"},
	}}
	var text bytes.Buffer
	require.NoError(t, report.Write(&text))
	require.Contains(t, text.String(), `JNU_1_rasp  "a\tb\x1b[2J"  0 `)
	require.Contains(t, text.String(), `JNU_1_rasp  ""             0 `)
	require.Contains(t, text.String(), `JNU_1_rasp  온도             0 `)
	require.Contains(t, text.String(), "GIST_1_rasp: no records\n")
}
