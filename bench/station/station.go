// Package station runs what a measurement of a station needs: an embedded Kafka, a simulated board, and the Pi's Telegraf.
package station

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// Running is all of it.
type Running struct {
	telegraf.Station
	Board    *arduino.Board
	Telegraf *process.Process

	kafka  *kafka.Embedded
	folder string
}

// Start runs it with a configuration; an empty one is conf/pi/telegraf.conf. Arguments are further ones of Telegraf. What was started is
// stopped again if something fails.
func Start(binary, configuration string, arguments ...string) (*Running, error) {
	folder, err := os.MkdirTemp("", "bench-station-")
	if err != nil {
		return nil, err
	}
	r := &Running{folder: folder}
	if err := r.start(binary, configuration, arguments); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

func (r *Running) start(binary, configuration string, arguments []string) (err error) {
	if r.kafka, err = kafka.StartEmbedded(kafka.EmbeddedOptions{Brokers: 3}); err != nil {
		return err
	}
	r.Station = telegraf.Station{
		Port: filepath.Join(r.folder, "ttyACM0"), DeviceID: "pi", Site: "JNU", Index: "1", Type: "rasp", Brokers: r.kafka.Addresses(),
		Configuration: configuration, Arguments: arguments,
	}
	if r.Board, err = arduino.Plug(r.Port); err != nil {
		return err
	}
	r.Telegraf, err = r.Start(binary, r.folder)
	return err
}

// stopTime is what Telegraf has to send what it holds.
const stopTime = 20 * time.Second

// Stop ends all of it, in the direction of the data.
func (r *Running) Stop() error {
	var errs []error
	if r.Telegraf != nil {
		errs = append(errs, r.Telegraf.Stop(stopTime))
	}
	if r.Board != nil {
		errs = append(errs, r.Board.Unplug())
	}
	if r.kafka != nil {
		r.kafka.Close()
	}
	return errors.Join(append(errs, os.RemoveAll(r.folder))...)
}

// Median of a figure over all rounds.
func Median[T any](rounds []T, figure func(T) float64) float64 {
	values := make([]float64, len(rounds))
	for i, round := range rounds {
		values[i] = figure(round)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
