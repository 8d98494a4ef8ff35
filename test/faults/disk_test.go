//go:build real

package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

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
	station := &Station{Site: "full", Device: "pi", Dir: dir, Brokers: s.addresses(), Change: func(k *kafka_site.KafkaSite) { k.WriteTimeout = 1_000_000_000 }}
	require.NoError(s, station.Start())
	var err error
	for err == nil {
		err = station.Read(1)
	}
	require.ErrorContains(s, err, "no space left on device")
	require.Greater(s, station.accepted, 1000)
	refused := station.Reading(station.accepted, time.Now())
	require.Error(s, station.Write(refused))
	remount(s, dir, "size=16m")
	require.NoError(s, station.Write(refused), "Telegraf hands it over again")
	require.NoError(s, station.Read(100))
	s.all(func(p *faultproxy.Proxy) { p.Down(false) })
	s.drained(station, time.Minute)
	require.NoError(s, station.Stop())
	s.judge("the station's disk full while the link is down, then freed", "Write says so, Telegraf keeps the rest, all arrives", 0, station)
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
