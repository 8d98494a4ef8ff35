package arduino_serial

import (
	"bytes"
	"errors"

	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/flatjson"
	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// decoder turns a line into readings.
type decoder interface {
	// decode returns the line's readings or an error that tells why it has none.
	decode(line []byte) ([]schema.Reading, error)
	// tellsPartial says whether the end of a line can never pass as a whole one,
	// so that the first line after opening the port may be tried.
	tellsPartial() bool
}

// byteOrderMark starts what some Windows editors and terminals send.
var byteOrderMark = []byte("\xef\xbb\xbf")

// jsonDecoder reads one JSON object a line.
type jsonDecoder struct{}

func (jsonDecoder) decode(line []byte) ([]schema.Reading, error) {
	members, err := flatjson.Decode(bytes.TrimPrefix(line, byteOrderMark))
	if err != nil {
		return nil, err
	}
	return []schema.Reading{members}, nil
}

func (jsonDecoder) tellsPartial() bool { return true }

// parserDecoder reads lines with one of Telegraf's parsers; each of its metrics is a reading.
// Their names, tags and times are not used: the options name the station and arrival is the time.
type parserDecoder struct {
	parser telegraf.Parser
}

func (p parserDecoder) decode(line []byte) ([]schema.Reading, error) {
	metrics, err := p.parser.Parse(line)
	if err != nil {
		return nil, err
	}
	if len(metrics) == 0 {
		return nil, errors.New("no reading in it")
	}
	readings := make([]schema.Reading, 0, len(metrics))
	for _, metric := range metrics {
		readings = append(readings, metric.Fields())
	}
	return readings, nil
}

func (parserDecoder) tellsPartial() bool { return false }
