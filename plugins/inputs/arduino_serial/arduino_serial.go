package arduino_serial

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

//go:embed sample.conf
var sampleConfig string

// ArduinoSerial reads one board, or several boards that share most options.
type ArduinoSerial struct {
	Options
	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"`

	newParser telegraf.ParserFunc
	settings  []settings // by board
	// firstUntil is when the first Gather stops waiting for a reading.
	firstUntil time.Time

	stations []*station
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// SampleConfig returns the commented configuration.
func (*ArduinoSerial) SampleConfig() string { return sampleConfig }

// SetParserFunc receives the function that creates the parser of data_format. Telegraf calls it only if that option is set.
func (a *ArduinoSerial) SetParserFunc(newParser telegraf.ParserFunc) { a.newParser = newParser }

// Init checks the options; it touches no device.
func (a *ArduinoSerial) Init() error {
	var err error
	a.settings, err = a.check()
	return err
}

// Start starts reading. A missing port is not an error: opening it is retried until Stop.
func (a *ArduinoSerial) Start(acc telegraf.Accumulator) error {
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.firstUntil = time.Now().Add(time.Duration(a.FirstReadingTimeout))
	a.stations = nil
	for _, settings := range a.settings {
		station := newStation(settings, acc, a.Log, newCounters(a.Statistics, settings.tags))
		a.stations = append(a.stations, station)
		a.running.Go(func() { station.run(ctx) })
	}
	return nil
}

// Gather has nothing to fetch, because a reading becomes a metric as soon as it arrives. The first call waits for a reading of each board,
// until first_reading_timeout after Start, because `telegraf --test` calls Gather once and stops: it shows readings, or why there are none.
func (a *ArduinoSerial) Gather(telegraf.Accumulator) error {
	if a.firstUntil.IsZero() {
		return nil
	}
	timeout, cancel := context.WithDeadline(context.Background(), a.firstUntil)
	defer cancel()
	a.firstUntil = time.Time{}
	var silent []error
	for _, station := range a.stations {
		if err := station.awaitReading(timeout); err != nil {
			silent = append(silent, fmt.Errorf("no reading within first_reading_timeout (%s): %w", time.Duration(a.FirstReadingTimeout), err))
		}
	}
	return errors.Join(silent...)
}

// Stop closes the ports, and returns when the last metric has been added.
func (a *ArduinoSerial) Stop() {
	a.cancel()
	a.running.Wait()
}

func init() {
	inputs.Add("arduino_serial", func() telegraf.Input {
		return &ArduinoSerial{Options: Options{
			BaudRate:            9600,
			Framing:             "8N1",
			ResetOnOpen:         string(serialport.ResetAuto),
			LineFormat:          formatJSON,
			Checksum:            checksumOptional,
			MaxLineLength:       4096,
			SilenceTimeout:      config.Duration(30 * time.Second),
			FirstReadingTimeout: config.Duration(10 * time.Second),
			ReconnectInterval:   config.Duration(time.Second),
			CaptureSize:         10 << 20,
		}}
	})
}
