package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// setupWith is the advice to give setup another answer.
func setupWith(flags string) string {
	return "sudo stationctl setup " + flags + " --config DIR/telegraf.conf --environment DIR/environment --yes --no-test; " + restart
}

const edit = "sudoedit DIR/telegraf.conf  # "

// asNobody has Telegraf run as a user without rights; the folder is open to him.
func asNobody(p *patient) {
	if os.Geteuid() != 0 {
		p.Skip("only root can be somebody else")
	}
	for dir := p.dir; dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		require.NoError(p, err)
		require.NoError(p, os.Chmod(dir, info.Mode()|0o055))
	}
	p.options.Account = host.Account{User: serialport.User{Name: "nobody", UID: 65534, Groups: []uint32{65534}}, GID: 65534, Home: "/nonexistent", Other: true}
}

func TestTheComputer(t *testing.T) {
	provoke(t, map[string]provocation{
		"no telegraf": {
			check: "architecture", says: "there is no Telegraf", advice: "sudo apt-get install telegraf-station", called: "apt-get install telegraf-station",
			breaks: func(p *patient) { p.options.Telegraf = p.path("usr/telegraf") },
			then:   installTelegraf,
		},
		"telegraf of another processor": {
			check: "architecture", says: "telegraf is for S390, this computer is",
			advice: "sudo apt-get install --reinstall telegraf-station:$(dpkg --print-architecture)", called: "apt-get install --reinstall telegraf-station:",
			breaks: func(p *patient) {
				p.file("usr/telegraf", "\x7fELF\x02\x02\x01"+strings.Repeat("\x00", 9)+"\x00\x02\x00\x16\x00\x00\x00\x01"+strings.Repeat("\x00", 28)+"\x00\x40\x00\x38"+strings.Repeat("\x00", 8))
				p.options.Telegraf = p.path("usr/telegraf")
				require.NoError(p, os.Chmod(p.options.Telegraf, 0o700))
			},
			then: installTelegraf,
		},
		"no configuration": {
			check: "files", says: "there is no DIR/telegraf.conf", advice: "sudo stationctl setup",
			breaks: func(p *patient) { require.NoError(p, os.Remove(p.options.Configuration)) },
			mapped: strings.NewReplacer("setup", "setup --yes --no-test --config telegraf.conf --environment environment --site JNU --index 1 --type rasp --device-id roof --port DIR/dev/ttyACM0 --brokers BROKERS --replication-factor 1"),
		},
		"a configuration that the service cannot read": {
			check: "files", says: `user "nobody", who Telegraf runs as, may not read DIR/telegraf.conf`, advice: "sudo chgrp telegraf DIR/telegraf.conf && sudo chmod 0640 DIR/telegraf.conf",
			breaks: asNobody, mapped: strings.NewReplacer("chgrp telegraf", "chgrp 65534"),
		},
		"secrets for everybody": {
			check: "files", state: Doubtful, says: "everybody on this computer may read the secrets in DIR/environment", advice: "sudo chmod o= DIR/environment",
			breaks: func(p *patient) {
				p.file("environment", "KAFKA_PASSWORD=secret\n")
				require.NoError(p, os.Chmod(p.path("environment"), 0o644))
			},
		},
		"a misspelled option": {
			check: "configuration", says: `configuration specified the fields ["baud_rat"]`, advice: edit + "mend what it says", called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.edit("baud_rate", "baud_rat") },
			then:   func(p *patient) { p.edit("baud_rat", "baud_rate") },
		},
		"a bad value": {
			check: "configuration", says: `option "site" must not contain "_"`, advice: edit + "mend what it says", called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.edit(`site = "JNU"`, `site = "J_NU"`) },
			then:   func(p *patient) { p.edit("J_NU", "JNU") },
		},
		"a clock that was never set": {
			check: "clock", says: "it shows 1970-01-01T00:01:00Z: it was not set since the start", advice: setClock, called: "timedatectl set-ntp true",
			breaks: func(p *patient) { p.options.Clock = func() (time.Time, bool) { return time.Unix(60, 0), false } },
			then:   keepClock,
		},
		"a clock that nothing keeps": {
			check: "clock", state: Doubtful, says: "but nothing keeps it right (NTP)", advice: setClock, called: "timedatectl set-ntp true",
			breaks: func(p *patient) { p.options.Clock = func() (time.Time, bool) { return time.Now(), false } },
			then:   keepClock,
		},
	})
}

func installTelegraf(p *patient) {
	built, err := programs()
	require.NoError(p, err)
	p.options.Telegraf = filepath.Join(built, "telegraf")
}

func keepClock(p *patient) { p.options.Clock = func() (time.Time, bool) { return time.Now(), true } }

func provoke(t *testing.T, table map[string]provocation) {
	t.Helper()
	for name, c := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.run(t, newStation(t, c.settings...))
		})
	}
}
