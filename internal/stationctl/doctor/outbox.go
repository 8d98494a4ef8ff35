package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// box is an output's outbox.
type box struct {
	*kafkaEnd
	output *kafka_site.KafkaSite
	state  *outbox.State
}

func (d *doctor) outboxChecks(k *kafkaEnd, output *kafka_site.KafkaSite) []check {
	b := &box{kafkaEnd: k, output: output}
	name, room := k.label+"outbox", k.label+"outbox room"
	return []check{
		{name: name, run: b.usable},
		{name: k.label + "outbox disk", needs: []string{name}, run: b.disk},
		{name: room, needs: []string{name}, limit: roomLimit, run: b.room},
		{name: k.label + "parked", needs: []string{room}, run: b.parked},
		{name: k.label + "damaged", needs: []string{room}, run: b.damaged},
		{name: k.label + serviceCheck, needs: []string{room}, run: b.service},
	}
}

const serviceCheck = "service"

// roomLimit is for all of a full outbox, read from an SD card.
const roomLimit = time.Minute

const defaultOutbox = "/var/lib/telegraf-station/outbox"

// usable says what would keep Telegraf from writing there.
func (b *box) usable(context.Context) result {
	dir := b.output.Outbox
	if dir == "" {
		return doubtful(b.edit(`outbox = "`+defaultOutbox+`"`), "there is none: readings that Kafka does not have are in memory only")
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return b.makeable(dir)
	}
	own := "sudo chown -R " + b.owner() + " " + quote(dir) + " && sudo chmod -R u+rwX " + quote(dir)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return bad("sudo stationctl doctor", "you may not look into %s", dir)
	case err != nil:
		return bad("", "%v", err)
	case !info.IsDir():
		return bad(b.edit(`outbox = "`+defaultOutbox+`"`), "%s is no directory", dir)
	}
	if closed := b.closed(dir); closed != "" {
		return bad(own, "user %q may not write %s", b.Account.Name, closed)
	}
	return good("%s", dir)
}

func (b *box) owner() string { return b.Account.Name + ":" + b.Account.GroupName() }

// makeable judges a directory that is not there: Telegraf makes it if it may.
func (b *box) makeable(dir string) result {
	parent := filepath.Dir(dir)
	if info, err := os.Stat(parent); err == nil && b.Account.HasAccess(info, 0o3) {
		return good("%s is not there yet; Telegraf makes it", dir)
	}
	return bad("sudo install -d -m 0750 -o "+b.Account.Name+" -g "+b.Account.GroupName()+" "+quote(dir), "there is no %s, and user %q may not make it", dir, b.Account.Name)
}

// closed is a file or directory of the outbox that the service cannot write, "" if there is none.
func (b *box) closed(dir string) (closed string) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // the agent removes files meanwhile
		}
		wanted := os.FileMode(0o6)
		if entry.IsDir() {
			wanted = 0o7
		}
		if info, err := entry.Info(); err == nil && !b.Account.HasAccess(info, wanted) {
			closed = path
			return fs.SkipAll
		}
		return nil
	})
	return closed
}

// existing is the directory, or the one that it will be made in.
func (b *box) existing() string {
	if _, err := os.Stat(b.output.Outbox); err == nil {
		return b.output.Outbox
	}
	return filepath.Dir(b.output.Outbox)
}

// Disk is where an outbox is.
type Disk struct {
	// Volatile is the kind of a file system that may be empty after a restart, else "".
	Volatile string
	// Free and Size are in bytes.
	Free, Size uint64
}

func systemDisk(dir string) (Disk, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return Disk{}, err
	}
	block := uint64(stat.Bsize) //nolint:gosec,unconvert // a size; 32 bits on some processors
	return Disk{outbox.Volatile(dir), stat.Bavail * block, stat.Blocks * block}, nil
}

func (b *box) disk(context.Context) result {
	if b.output.Outbox == "" {
		return unchecked("there is no outbox")
	}
	dir := b.existing()
	disk, err := b.Disk(dir)
	switch {
	case err != nil:
		return bad("", "%s: %v", dir, err)
	case disk.Volatile != "":
		return doubtful(b.edit("outbox = a directory on a disk"), "%s is on a file system of kind %s: what waits there may be gone after a restart", dir, disk.Volatile)
	case disk.Free < leastFree || disk.Free < disk.Size/50:
		return doubtful("sudo apt-get clean && sudo journalctl --vacuum-size=50M", "%d MB are free on the disk of %s", disk.Free>>20, dir)
	}
	return good("%d MB are free", disk.Free>>20)
}

// leastFree is an hour of readings, and some for the rest of the system.
const leastFree = 64 << 20

// room says how much waits.
func (b *box) room(context.Context) result {
	if _, err := os.Stat(b.output.Outbox); b.output.Outbox == "" || err != nil {
		return unchecked("there is no outbox yet")
	}
	state, err := outbox.Inspect(b.output.Outbox)
	if err != nil {
		return bad("sudo stationctl doctor", "%v", err)
	}
	b.state = state
	waiting, oldest := total(state)
	limit := int64(b.output.OutboxMaxSize)
	if state.Bytes >= limit/10*9 || waiting >= b.output.OutboxMaxRecords/10*9 {
		return doubtful(b.edit("outbox_max_size and outbox_max_records: more, if the disk has it"),
			"it is full to %d%% (%d records since %s wait, outbox_max_records is %d): on_full = %q then decides", max(state.Bytes*100/limit, waiting*100/b.output.OutboxMaxRecords),
			waiting, oldest.Format(time.RFC3339), b.output.OutboxMaxRecords, b.output.OnFull)
	}
	if waiting == 0 {
		return good("nothing waits")
	}
	return good("%d records wait, since %s", waiting, oldest.Format(time.RFC3339))
}

func total(state *outbox.State) (waiting int64, oldest time.Time) {
	for _, q := range state.Topics {
		waiting += q.Pending
		if oldest.IsZero() || q.Oldest.Before(oldest) {
			oldest = q.Oldest
		}
	}
	return waiting, oldest
}

func (b *box) parked(context.Context) result {
	if b.state == nil || b.state.Parked == 0 {
		return good("no record")
	}
	reason := ""
	if all, err := outbox.ListParked(b.output.Outbox); err == nil && len(all) > 0 {
		reason = all[0].Reason
	}
	return doubtful("sudo stationctl outbox replay --all --outbox "+quote(b.output.Outbox),
		"%d record(s) could not be delivered as they are (stationctl outbox list): %s", b.state.Parked, reason)
}

func (b *box) damaged(context.Context) result {
	if b.state == nil || b.state.Damaged == 0 {
		return good("no record")
	}
	return doubtful(restart, "%d record(s) cannot be read, as after a power cut or on a worn card; Telegraf puts them into %s when it comes to them, and delivers those around them",
		b.state.Damaged, filepath.Join(b.output.Outbox, "quarantine"))
}

// service says whether anybody delivers.
func (b *box) service(context.Context) result {
	if b.output.Outbox == "" {
		return unchecked("only the lock of an outbox tells")
	}
	if b.state == nil || !b.state.InUse {
		return bad("sudo systemctl enable --now telegraf-station", "no Telegraf runs with %s", b.output.Outbox)
	}
	return good("a Telegraf runs with %s", b.output.Outbox)
}
