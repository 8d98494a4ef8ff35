package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

func records(n int) (all []*outbox.Record) {
	for i := range n {
		all = append(all, &outbox.Record{Topic: "JNU_1_rasp", Device: "roof", Time: time.Now().UnixNano(), Value: fmt.Appendf(nil, `{"light":%d}`, i)})
	}
	return all
}

func TestTheOutbox(t *testing.T) {
	provoke(t, map[string]provocation{
		"none": {
			check: "outbox", state: Doubtful, says: "there is none: readings that Kafka does not have are in memory only", advice: edit + `outbox = "/var/lib/telegraf-station/outbox"`, called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.edit(`outbox = "`, `#outbox = "`) },
			then:   func(p *patient) { p.edit(`#outbox = "`, `outbox = "`) },
		},
		"of another user": {
			check: "outbox", says: `user "nobody" may not write DIR/outbox`, advice: "sudo chown -R nobody:nogroup DIR/outbox && sudo chmod -R u+rwX DIR/outbox", breaks: asNobody,
		},
		"that cannot be made": {
			check: "outbox", says: `there is no DIR/mnt/outbox, and user "nobody" may not make it`, advice: "sudo install -d -m 0750 -o nobody -g nogroup DIR/mnt/outbox",
			breaks: func(p *patient) { asNobody(p); p.edit(p.path("outbox"), p.path("mnt/outbox")) },
		},
		"a file in its place": {
			check: "outbox", says: "DIR/environment is no directory", advice: edit + `outbox = "/var/lib/telegraf-station/outbox"`, called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.edit(p.path("outbox"), p.path("environment")) },
			then:   func(p *patient) { p.edit(`outbox = "`+p.path("environment"), `outbox = "`+p.path("outbox")) },
		},
		"in memory": {
			check: "outbox disk", state: Doubtful, says: "DIR/outbox is on a file system of kind tmpfs", advice: edit + "outbox = a directory on a disk", called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) { p.disk(Disk{Volatile: "tmpfs", Free: 1 << 30, Size: 1 << 30}) },
			then:   func(p *patient) { p.disk(Disk{Free: 1 << 30, Size: 1 << 30}) },
		},
		"on a full disk": {
			check: "outbox disk", state: Doubtful, says: "10 MB are free on the disk of DIR/outbox", advice: "sudo apt-get clean && sudo journalctl --vacuum-size=50M", called: "journalctl --vacuum-size=50M",
			breaks: func(p *patient) { p.disk(Disk{Free: 10 << 20, Size: 1 << 34}) },
			then:   func(p *patient) { p.disk(Disk{Free: 1 << 30, Size: 1 << 34}) },
		},
		"full": {
			check: "outbox room", state: Doubtful, says: "it is full to 95% (95 records since ", advice: edit + "outbox_max_size and outbox_max_records: more, if the disk has it", called: "sudoedit DIR/telegraf.conf",
			breaks: func(p *patient) {
				p.edit("[[outputs.kafka_site]]", "[[outputs.kafka_site]]\n  outbox_max_records = 100")
				require.NoError(p, p.box.Append(records(95)))
			},
			then: func(p *patient) { p.edit("outbox_max_records = 100", "outbox_max_records = 1000") },
		},
		"parked records": {
			check: "parked", state: Doubtful, says: "1 record(s) could not be delivered as they are (stationctl outbox list): it is too large", advice: "sudo stationctl outbox replay --all --outbox DIR/outbox",
			breaks: func(p *patient) {
				require.NoError(p, p.box.ParkMetric(&outbox.Parked{Reason: "it is too large", Topic: "JNU_1_rasp", Value: "{}"}))
			},
		},
		"damaged records": {
			check: "damaged", state: Doubtful, says: "1 record(s) cannot be read", advice: restart, called: "systemctl restart telegraf-station",
			breaks: damage,
			then:   func(p *patient) { p.restart(); p.deliver() },
		},
		"nobody delivers": {
			check: "service", says: "no Telegraf runs with DIR/outbox", advice: "sudo systemctl enable --now telegraf-station", called: "systemctl enable --now telegraf-station",
			breaks: func(p *patient) { require.NoError(p, p.box.Close()) },
			then:   func(p *patient) { p.restart() },
		},
		"no record": {
			check: "delivery", says: "JNU_1_rasp has no record", advice: restart, called: "systemctl restart telegraf-station",
			breaks: func(p *patient) { p.topic() },
			then:   func(p *patient) { p.produce(time.Now()) },
		},
		"old records": {
			check: "delivery", says: "the newest record of JNU_1_rasp is 2h0m", advice: restart, called: "systemctl restart telegraf-station",
			breaks: func(p *patient) { p.produce(time.Now().Add(-2 * time.Hour)) },
			then:   func(p *patient) { p.produce(time.Now()) },
		},
	})
}

func (p *patient) disk(disk Disk) { p.options.Disk = func(string) (Disk, error) { return disk, nil } }

// restart is what the service's restart does to the outbox.
func (p *patient) restart() {
	p.Helper()
	require.NoError(p, p.box.Close())
	p.box = outbox.New(outbox.Options{Dir: p.path("outbox"), MaxBytes: 1 << 30, MaxRecords: 1000})
	require.NoError(p, p.box.Open())
	p.Cleanup(func() { require.NoError(p, p.box.Close()) })
}

// deliver is what a running Telegraf does with what waits.
func (p *patient) deliver() {
	p.Helper()
	for _, queue := range p.box.DrainChanged() {
		p.box.Acknowledge(p.box.Next(queue, 100, 1<<20))
	}
	require.NoError(p, p.box.Append(records(1)))
	require.FileExists(p, p.first("outbox/quarantine/*"))
}

func (p *patient) first(pattern string) string {
	p.Helper()
	found, err := filepath.Glob(p.path(pattern))
	require.NoError(p, err)
	require.NotEmpty(p, found)
	return found[0]
}

// damage flips a byte of a record that waits.
func damage(p *patient) {
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
