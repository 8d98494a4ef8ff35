// Package arduino_serial reads the readings that an Arduino prints over a serial line.
//
// The bytes' way: port (port.go, usb.go, open.go) -> session.go -> splitter.go -> decode.go -> internal/schema -> station.go -> metric.
package arduino_serial

import (
	"context"
	_ "embed"
	"fmt"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/influxdata/telegraf/selfstat"
)

//go:embed sample.conf
var sampleConfig string

// ArduinoSerial is one station: a serial port and what its metrics are called.
type ArduinoSerial struct {
	Options
	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"`

	newParser telegraf.ParserFunc
	settings  settings
	// firstUntil is how long Gather waits for a reading.
	firstUntil time.Time

	station *station
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// SampleConfig returns the commented configuration.
func (*ArduinoSerial) SampleConfig() string { return sampleConfig }

// SetParserFunc takes what makes the parser of data_format; it is only called if that option is set.
func (a *ArduinoSerial) SetParserFunc(newParser telegraf.ParserFunc) { a.newParser = newParser }

// Init checks the options; it touches no device.
func (a *ArduinoSerial) Init() error {
	var err error
	a.settings, err = a.check()
	return err
}

// Start begins to read. A port that is missing is no error: it is tried again until Stop.
func (a *ArduinoSerial) Start(acc telegraf.Accumulator) error {
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.firstUntil = time.Now().Add(time.Duration(a.FirstReadingTimeout))
	a.station = newStation(a.settings, acc, a.Log, newCounters(a.Statistics, a.DeviceID))
	a.running.Go(func() { a.station.run(ctx) })
	return nil
}

// Gather has nothing to fetch, since a reading becomes a metric in the moment it arrives.
// The first call waits for one until first_reading_timeout after Start, because `telegraf --test` calls Gather once and stops:
// so it shows a reading or says why there is none.
func (a *ArduinoSerial) Gather(telegraf.Accumulator) error {
	if a.firstUntil.IsZero() {
		return nil
	}
	timeout := time.NewTimer(time.Until(a.firstUntil))
	defer timeout.Stop()
	a.firstUntil = time.Time{}
	select {
	case <-a.station.firstReading:
		return nil
	default:
	}
	select {
	case <-a.station.firstReading:
	case <-a.station.stopped:
	case <-timeout.C:
		return fmt.Errorf("no reading within first_reading_timeout (%s): %s",
			time.Duration(a.FirstReadingTimeout), a.station.diagnosis())
	}
	return nil
}

// Stop closes the port and returns when the last metric is handed over.
func (a *ArduinoSerial) Stop() {
	a.cancel()
	a.running.Wait()
}

func init() {
	inputs.Add("arduino_serial", func() telegraf.Input {
		return &ArduinoSerial{Options: Options{
			BaudRate:            9600,
			Framing:             "8N1",
			MaxLineLength:       4096,
			SilenceTimeout:      config.Duration(30 * time.Second),
			FirstReadingTimeout: config.Duration(10 * time.Second),
			ReconnectInterval:   config.Duration(time.Second),
		}}
	})
}
