package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

func records(n int) (all []*outbox.Record) {
	for i := range n {
		all = append(all, &outbox.Record{Topic: "JNU_1_rasp", Device: "roof", Time: time.Now().UnixNano(), Value: fmt.Appendf(nil, `{"light":%d}`, i)})
	}
	return all
}

func TestOutboxFaults(t *testing.T) {
	testFaults(t, map[string]fault{
		"none": {
			check: "outbox", state: Warning, text: "no outbox is set: readings that are not in Kafka yet are only in memory", fix: editConfiguration + `outbox = "/var/lib/telegraf-station/outbox"`, called: "sudoedit DIR/telegraf.conf",
			cause:  func(p *computer) { p.edit(`outbox = "`, `#outbox = "`) },
			repair: func(p *computer) { p.edit(`#outbox = "`, `outbox = "`) },
		},
		"owned by another user": {
			check: "outbox", text: `user "daemon" cannot write to DIR/outbox`, fix: "sudo chown -R daemon:daemon DIR/outbox && sudo chmod -R u+rwX DIR/outbox", cause: runAsDaemon,
		},
		"cannot be created": {
			check: "outbox", text: `DIR/mnt/outbox does not exist, and user "daemon" cannot create it`, fix: "sudo install -d -m 0750 -o daemon -g daemon DIR/mnt/outbox",
			cause: func(p *computer) { runAsDaemon(p); p.edit(p.path("outbox"), p.path("mnt/outbox")) },
		},
		"not a directory": {
			check: "outbox", text: "DIR/environment is not a directory", fix: editConfiguration + `outbox = "/var/lib/telegraf-station/outbox"`, called: "sudoedit DIR/telegraf.conf",
			cause:  func(p *computer) { p.edit(p.path("outbox"), p.path("environment")) },
			repair: func(p *computer) { p.edit(`outbox = "`+p.path("environment"), `outbox = "`+p.path("outbox")) },
		},
		"in memory": {
			check: "outbox disk", state: Warning, text: "DIR/outbox is on a file system of type tmpfs", fix: editConfiguration + "outbox = a directory on a disk", called: "sudoedit DIR/telegraf.conf",
			cause:  func(p *computer) { p.disk(Disk{Volatile: "tmpfs", Free: 1 << 30, Size: 1 << 30}) },
			repair: func(p *computer) { p.disk(Disk{Free: 1 << 30, Size: 1 << 30}) },
		},
		"disk almost full": {
			check: "outbox disk", state: Warning, text: "only 10 MB are free on the disk of DIR/outbox", fix: "sudo apt-get clean && sudo journalctl --vacuum-size=50M", called: "journalctl --vacuum-size=50M",
			cause:  func(p *computer) { p.disk(Disk{Free: 10 << 20, Size: 1 << 34}) },
			repair: func(p *computer) { p.disk(Disk{Free: 1 << 30, Size: 1 << 34}) },
		},
		"full": {
			check: "outbox room", state: Warning, text: "95% full (95 records pending since ", fix: editConfiguration + "outbox_max_size and outbox_max_records: increase them if the disk has room", called: "sudoedit DIR/telegraf.conf",
			cause: func(p *computer) {
				p.edit("[[outputs.kafka_site]]", "[[outputs.kafka_site]]\n  outbox_max_records = 100")
				require.NoError(p, p.box.Append(records(95)))
			},
			repair: func(p *computer) { p.edit("outbox_max_records = 100", "outbox_max_records = 1000") },
		},
		"parked records": {
			check: "parked", state: Warning, text: "1 record could not be delivered (see stationctl outbox list): it is too large", fix: "sudo stationctl outbox replay --all --outbox DIR/outbox",
			cause: func(p *computer) {
				require.NoError(p, p.box.ParkMetric(&outbox.Parked{Reason: "it is too large", Topic: "JNU_1_rasp", Value: "{}"}))
			},
		},
		"damaged records": {
			check: "damaged", state: Warning, text: "1 record unreadable", fix: installed.Restart, called: "systemctl restart telegraf-station",
			cause:  damage,
			repair: func(p *computer) { p.restart(); p.deliver() },
		},
		"no Telegraf": {
			check: "service", text: "no Telegraf uses DIR/outbox", fix: "sudo systemctl enable --now telegraf-station", called: "systemctl enable --now telegraf-station",
			cause:  func(p *computer) { require.NoError(p, p.box.Close()) },
			repair: func(p *computer) { p.restart() },
		},
		"no record": {
			check: "delivery", text: "JNU_1_rasp has no records", fix: installed.Restart, called: "systemctl restart telegraf-station",
			cause:  func(p *computer) { p.topic() },
			repair: func(p *computer) { p.produce(time.Now()) },
		},
		"old records": {
			check: "delivery", text: "the newest record of JNU_1_rasp is 2h0m", fix: installed.Restart, called: "systemctl restart telegraf-station",
			cause:  func(p *computer) { p.produce(time.Now().Add(-2 * time.Hour)) },
			repair: func(p *computer) { p.produce(time.Now()) },
		},
	})
}

func (p *computer) disk(disk Disk) { p.options.Disk = func(string) (Disk, error) { return disk, nil } }

// restart reopens the outbox, as a restart of the service does.
func (p *computer) restart() {
	p.Helper()
	require.NoError(p, p.box.Close())
	p.box = outbox.New(outbox.Options{Dir: p.path("outbox"), MaxBytes: 1 << 30, MaxRecords: 1000})
	require.NoError(p, p.box.Open())
	p.Cleanup(func() { require.NoError(p, p.box.Close()) })
}

// deliver delivers the pending records, as a running Telegraf does.
func (p *computer) deliver() {
	p.Helper()
	for _, queue := range p.box.DrainChanged() {
		p.box.Acknowledge(p.box.Next(queue, 100, 1<<20))
	}
	require.NoError(p, p.box.Append(records(1)))
	require.FileExists(p, p.first("outbox/quarantine/*"))
}

func (p *computer) first(pattern string) string {
	p.Helper()
	found, err := filepath.Glob(p.path(pattern))
	require.NoError(p, err)
	require.NotEmpty(p, found)
	return found[0]
}

// damage flips a bit of a pending record.
func damage(p *computer) {
	for _, r := range records(3) {
		require.NoError(p, p.box.Append([]*outbox.Record{r}))
	}
	require.NoError(p, p.box.Close())
	log := p.first("outbox/log/*.log")
	text, err := os.ReadFile(log)
	require.NoError(p, err)
	at := strings.Index(string(text), `{"light":1}`)
	require.Positive(p, at)
	text[at] ^= 1
	require.NoError(p, os.WriteFile(log, text, 0o600))
}
