//go:build real

package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
	"github.com/telegraf-station/telegraf-station/test/bed/faultproxy"
)

// diskFull has the outbox on a small filesystem.
func diskFull(s *stage) {
	dir := filepath.Join(s.TempDir(), "disk")
	require.NoError(s, os.Mkdir(dir, 0o700))
	mount(s, dir, "mode=1777,size=1m")
	s.all(func(p *faultproxy.Proxy) { p.Down(true) })
	log := &testutil.CaptureLogger{}
	station := &Station{Site: "full", Device: "pi", Dir: dir, Brokers: s.addresses(), Log: log, Change: func(k *kafka_site.KafkaSite) { k.WriteTimeout = 1_000_000_000 }}
	require.NoError(s, station.Start())
	isFull := func() bool { return strings.Contains(strings.Join(log.Errors(), "\n"), "no space left on device") }
	var outcome <-chan error
	for !isFull() {
		outcome = station.output.Send(station.Reading(station.accepted, time.Now()))
		require.Eventually(s, func() bool { return len(outcome) > 0 || isFull() }, time.Minute, 100*time.Microsecond)
		station.accepted++
	}
	require.Greater(s, station.accepted, 1000)
	remount(s, dir, "size=16m")
	require.NoError(s, <-outcome, "the output retries it")
	require.NoError(s, station.Read(100))
	s.all(func(p *faultproxy.Proxy) { p.Down(false) })
	s.drained(station, time.Minute)
	station.Stop()
	s.verify("the station's disk full while the link is down, then freed", "the error is logged, memory keeps the rest, all arrives", 0, station)
}

// mount puts a small filesystem in memory at a directory.
func mount(s *stage, dir, options string) {
	s.Helper()
	require.NoError(s, asRoot("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir))
	s.Cleanup(func() { require.NoError(s, asRoot("umount", dir)) })
}

func remount(s *stage, dir, options string) {
	s.Helper()
	require.NoError(s, asRoot("mount", "-o", "remount,"+options, dir))
}

// asRoot runs a command that needs root's rights; without them by sudo, which must not ask.
func asRoot(command ...string) error {
	if os.Geteuid() != 0 {
		command = append([]string{"sudo", "-n"}, command...)
	}
	output, err := exec.Command(command[0], command[1:]...).CombinedOutput() //nolint:gosec,noctx // our own
	if err != nil {
		return fmt.Errorf("%v: %w: %s", command, err, output)
	}
	return nil
}
