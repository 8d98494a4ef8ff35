// Package station runs a station for measurements: an embedded Kafka, a simulated board, and the Telegraf of a Pi.
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

// Running is a running station.
type Running struct {
	telegraf.Station
	Board    *arduino.Board
	Telegraf *process.Process

	kafka  *kafka.Embedded
	folder string
}

// Start runs a station with a configuration (empty: conf/pi/telegraf.conf) and more arguments for Telegraf. If it fails, it stops what it has
// started.
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

// stopTime is the time for Telegraf to send its pending records.
const stopTime = 20 * time.Second

// Stop stops all parts, in the direction of the data.
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

// Median returns the median of a figure over all rounds.
func Median[T any](rounds []T, figure func(T) float64) float64 {
	values := make([]float64, len(rounds))
	for i, round := range rounds {
		values[i] = figure(round)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
