//go:build real

package deb

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	telegrafs "github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// TestTheFirstRaspberryPi runs Telegraf from the armhf package on the processor of the Pi 1 and Zero, in qemu: a test reading, then 50 readings
// without a broker, then kill -9. After a restart, all of them are in Kafka.
func TestTheFirstRaspberryPi(t *testing.T) {
	binary := onARM1176(t)
	ports, err := process.ReservePorts(3)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, process.ReleasePorts(ports...)) })
	var brokers []string
	var numbers []int
	for _, port := range ports {
		brokers, numbers = append(brokers, port.Address()), append(numbers, port.Number())
	}
	board, err := arduino.Plug(filepath.Join(t.TempDir(), "arduino"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, board.Unplug()) })
	station := telegrafs.Station{Port: board.Path(), DeviceID: "pi", Site: "first", Index: "1", Type: "rasp", Brokers: brokers}
	readings := arduino.Readings(1, 100)
	dir := t.TempDir()

	require.NoError(t, board.Print(readings[0].Line))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	output, err := station.Test(ctx, binary, t.TempDir())
	require.NoError(t, err, output)
	require.Contains(t, output, "> environment,device_id=pi,index=1,site=first,type=rasp ")

	first, err := station.Start(binary, dir)
	require.NoError(t, err)
	printAll(t, board, readings[:50])
	require.Eventually(t, func() bool {
		state, err := outbox.Inspect(filepath.Join(dir, "outbox"))
		return err == nil && len(state.Topics) == 1 && state.Topics[0].Pending == 50
	}, 2*time.Minute, 100*time.Millisecond, "%s", first.Tail())
	require.NoError(t, first.Kill())
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{Ports: numbers})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	second, err := station.Start(binary, dir)
	require.NoError(t, err)
	printAll(t, board, readings[50:])
	requireRecords(t, cluster, station.Topic(), readings, second)
	require.NoError(t, second.Stop(30*time.Second))
}

// onARM1176 returns the path of a program that runs Telegraf from the package.
func onARM1176(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	command(t, "dpkg-deb", "-x", packageFor(t, "armhf"), dir)
	program := filepath.Join(dir, "telegraf")
	text := fmt.Sprintf("#!/bin/sh\nexec qemu-arm-static -cpu arm1176 %s \"$@\"\n", filepath.Join(dir, "usr/bin/telegraf"))
	writeProgram(t, program, text)
	return program
}

func printAll(t *testing.T, board *arduino.Board, readings []arduino.Reading) {
	t.Helper()
	for _, reading := range readings {
		require.NoError(t, board.Print(reading.Line))
		time.Sleep(10 * time.Millisecond) // a fast board
	}
}

// requireRecords checks that the topic contains each reading once and in order.
func requireRecords(t *testing.T, cluster *kafka.Embedded, topic string, readings []arduino.Reading, running *process.Process) {
	t.Helper()
	var records []kafka.Record
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var err error
		records, err = kafka.Records(ctx, cluster.Addresses(), topic)
		return err == nil && len(records) >= len(readings)
	}, 2*time.Minute, 200*time.Millisecond, "%s", running.Tail())
	require.Len(t, records, len(readings))
	for i, record := range records {
		var value map[string]any
		require.NoError(t, json.Unmarshal(record.Value, &value))
		require.EqualValues(t, readings[i].Status, value["status"])
		for name, want := range readings[i].Values {
			require.EqualValues(t, want, value[name], "reading %d, %s", i, name)
		}
		require.Equal(t, strconv.Itoa(i+1), record.Headers["station-seq"])
	}
}
