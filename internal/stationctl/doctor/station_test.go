package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// setupWith is the suggested setup command.
func setupWith(flags string) string {
	return "sudo stationctl setup " + flags + " --config DIR/telegraf.conf --environment DIR/environment --yes --no-test; " + installed.Restart
}

const editConfiguration = "sudoedit DIR/telegraf.conf  # "

// runAsDaemon has Telegraf run as a user without permissions who can access the directory.
func runAsDaemon(p *computer) {
	if os.Geteuid() != 0 {
		p.Skip("only root can run programs as another user")
	}
	for dir := p.dir; dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		require.NoError(p, err)
		require.NoError(p, os.Chmod(dir, info.Mode()|0o055))
	}
	p.options.Account = host.Account{User: serialport.User{Name: "daemon", UID: 1, Groups: []uint32{1}}, GID: 1, Home: "/nonexistent", Other: true}
}

func TestComputerFaults(t *testing.T) {
	testFaults(t, map[string]fault{
		"no telegraf": {
			check: "architecture", text: "Telegraf is not installed", fix: "sudo apt-get install telegraf-station", called: "apt-get install telegraf-station",
			cause:  func(p *computer) { p.options.Telegraf = p.path("usr/telegraf") },
			repair: installTelegraf,
		},
		"telegraf for another processor": {
			check: "architecture", text: "telegraf is for S390, but this computer is",
			fix: "sudo apt-get install --reinstall telegraf-station:$(dpkg --print-architecture)", called: "apt-get install --reinstall telegraf-station:",
			cause: func(p *computer) {
				p.file("usr/telegraf", "\x7fELF\x02\x02\x01"+strings.Repeat("\x00", 9)+"\x00\x02\x00\x16\x00\x00\x00\x01"+strings.Repeat("\x00", 28)+"\x00\x40\x00\x38"+strings.Repeat("\x00", 8))
				p.options.Telegraf = p.path("usr/telegraf")
				require.NoError(p, os.Chmod(p.options.Telegraf, 0o700))
			},
			repair: installTelegraf,
		},
		"no configuration": {
			check: "files", text: "DIR/telegraf.conf does not exist", fix: "sudo stationctl setup",
			cause:    func(p *computer) { require.NoError(p, os.Remove(p.options.Configuration)) },
			replaced: strings.NewReplacer("setup", "setup --yes --no-test --config telegraf.conf --environment environment --site JNU --index 1 --type rasp --device-id roof --port DIR/dev/ttyACM0 --brokers BROKERS --replication-factor 1"),
		},
		"a configuration that the service cannot read": {
			check: "files", text: `user "daemon", which runs Telegraf, cannot read DIR/telegraf.conf`, fix: "sudo chgrp telegraf DIR/telegraf.conf && sudo chmod 0640 DIR/telegraf.conf",
			cause: runAsDaemon, replaced: strings.NewReplacer("chgrp telegraf", "chgrp 1"),
		},
		"readable secrets": {
			check: "files", state: Warning, text: "all users of this computer can read the secrets in DIR/environment", fix: "sudo chmod o= DIR/environment",
			cause: func(p *computer) {
				p.file("environment", "KAFKA_PASSWORD=secret\n")
				require.NoError(p, os.Chmod(p.path("environment"), 0o644))
			},
		},
		"a misspelled option": {
			check: "configuration", text: `configuration specified the fields ["baud_rat"]`, fix: editConfiguration + "fix the error", called: "sudoedit DIR/telegraf.conf",
			cause:  func(p *computer) { p.edit("baud_rate", "baud_rat") },
			repair: func(p *computer) { p.edit("baud_rat", "baud_rate") },
		},
		"an invalid value": {
			check: "configuration", text: `option "site" must not contain "_"`, fix: editConfiguration + "fix the error", called: "sudoedit DIR/telegraf.conf",
			cause:  func(p *computer) { p.edit(`site = "JNU"`, `site = "J_NU"`) },
			repair: func(p *computer) { p.edit("J_NU", "JNU") },
		},
		"a clock that was never set": {
			check: "clock", text: "it shows 1970-01-01T00:01:00Z: it has not been set since boot", fix: fixClock, called: "timedatectl set-ntp true",
			cause:  func(p *computer) { p.options.Clock = func() (time.Time, bool) { return time.Unix(60, 0), false } },
			repair: synchronizeClock,
		},
		"a clock that is not synchronized": {
			check: "clock", state: Warning, text: "but is not synchronized (NTP)", fix: fixClock, called: "timedatectl set-ntp true",
			cause:  func(p *computer) { p.options.Clock = func() (time.Time, bool) { return time.Now(), false } },
			repair: synchronizeClock,
		},
	})
}

func installTelegraf(p *computer) {
	built, err := programs()
	require.NoError(p, err)
	p.options.Telegraf = filepath.Join(built, "telegraf")
}

func synchronizeClock(p *computer) {
	p.options.Clock = func() (time.Time, bool) { return time.Now(), true }
}

func testFaults(t *testing.T, table map[string]fault) {
	t.Helper()
	for name, c := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.run(t, newStation(t, c.settings...))
		})
	}
}
