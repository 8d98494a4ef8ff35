package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// box is the outbox of an output.
type box struct {
	*doctor
	output *kafka_site.KafkaSite
	dir    string // empty without an outbox
}

const (
	serviceCheck = "service"
	// roomLimit allows for reading a full outbox from an SD card.
	roomLimit = time.Minute
)

func (d *doctor) outboxChecks(label string, output *kafka_site.KafkaSite) []check {
	b := &box{d, output, output.Outbox}
	directory, room := label+"outbox", label+"outbox room"
	var state *outbox.State // found by the check of the room; nil without an outbox
	return []check{
		{name: directory, run: b.directory},
		{name: label + "outbox disk", needs: []string{directory}, run: b.disk},
		{name: room, needs: []string{directory}, limit: roomLimit, run: storing(&state, b.room)},
		{name: label + "parked", needs: []string{room}, run: func(context.Context) result { return b.parked(state) }},
		{name: label + "damaged", needs: []string{room}, run: func(context.Context) result { return b.damaged(state) }},
		{name: label + serviceCheck, needs: []string{room}, run: func(context.Context) result { return b.service(state) }},
	}
}

// directory checks that Telegraf can write to the outbox directory.
func (b *box) directory(context.Context) result {
	fixOption := b.fixEdit(`outbox = "` + installed.Outbox + `"`)
	if b.dir == "" {
		return warning(fixOption, "no outbox is set: readings that are not in Kafka yet are only in memory")
	}
	info, err := os.Stat(b.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return b.missingDirectory()
	case errors.Is(err, fs.ErrPermission):
		return failed(fixRunAsRoot, "you are not allowed to read %s", b.dir)
	case err != nil:
		return failed("", "%v", err)
	case !info.IsDir():
		return failed(fixOption, "%s is not a directory", b.dir)
	}
	if path := b.unwritablePath(); path != "" {
		return failed("sudo chown -R "+b.Account.Name+":"+b.Account.GroupName()+" "+quote(b.dir)+" && sudo chmod -R u+rwX "+quote(b.dir),
			"user %q cannot write to %s", b.Account.Name, path)
	}
	return ok("%s", b.dir)
}

// missingDirectory checks whether Telegraf can create the directory.
func (b *box) missingDirectory() result {
	if info, err := os.Stat(filepath.Dir(b.dir)); err == nil && b.Account.HasAccess(info, 0o3) {
		return ok("%s does not exist yet; Telegraf creates it", b.dir)
	}
	return failed("sudo install -d -m 0750 -o "+b.Account.Name+" -g "+b.Account.GroupName()+" "+quote(b.dir), "%s does not exist, and user %q cannot create it", b.dir, b.Account.Name)
}

// unwritablePath returns a file or directory in the outbox that the service cannot write to, or "".
func (b *box) unwritablePath() (unwritable string) {
	_ = filepath.WalkDir(b.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // the agent removes files during the walk
		}
		required := os.FileMode(0o6)
		if entry.IsDir() {
			required = 0o7
		}
		if info, err := entry.Info(); err == nil && !b.Account.HasAccess(info, required) {
			unwritable = path
			return fs.SkipAll
		}
		return nil
	})
	return unwritable
}

// Disk describes the disk that an outbox is on.
type Disk struct {
	// Volatile is the type of a file system that may be empty after a restart, or "".
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

// minFree is enough for an hour of readings and for the rest of the system.
const minFree = 64 << 20

func (b *box) disk(context.Context) result {
	if b.dir == "" {
		return unchecked("there is no outbox")
	}
	dir := b.dir
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Dir(dir) // it will be created there
	}
	disk, err := b.Disk(dir)
	switch {
	case err != nil:
		return failed("", "%s: %v", dir, err)
	case disk.Volatile != "":
		return warning(b.fixEdit("outbox = a directory on a disk"), "%s is on a file system of type %s: pending records may be lost by a restart", dir, disk.Volatile)
	case disk.Free < minFree || disk.Free < disk.Size/50:
		return warning("sudo apt-get clean && sudo journalctl --vacuum-size=50M", "only %d MB are free on the disk of %s", disk.Free>>20, dir)
	}
	return ok("%d MB are free", disk.Free>>20)
}

// room checks how full the outbox is.
func (b *box) room(context.Context) (*outbox.State, result) {
	if _, err := os.Stat(b.dir); b.dir == "" || err != nil {
		return nil, unchecked("there is no outbox yet")
	}
	state, err := outbox.Inspect(b.dir)
	if err != nil {
		return nil, failed(fixRunAsRoot, "%v", err)
	}
	var pending int64
	var oldest time.Time
	for _, topic := range state.Topics {
		pending += topic.Pending
		if oldest.IsZero() || topic.Oldest.Before(oldest) {
			oldest = topic.Oldest
		}
	}
	maxBytes, maxRecords := int64(b.output.OutboxMaxSize), b.output.OutboxMaxRecords
	switch {
	case state.Bytes >= maxBytes/10*9 || pending >= maxRecords/10*9:
		return state, warning(b.fixEdit("outbox_max_size and outbox_max_records: increase them if the disk has room"),
			"%d%% full (%d records pending since %s, outbox_max_records = %d); when it is full, on_full = %q applies",
			max(state.Bytes*100/maxBytes, pending*100/maxRecords), pending, oldest.Format(time.RFC3339), maxRecords, b.output.OnFull)
	case pending == 0:
		return state, ok("no pending records")
	}
	return state, ok("%s pending since %s", countOf(int(pending), "record"), oldest.Format(time.RFC3339))
}

func (b *box) parked(state *outbox.State) result {
	if state == nil || state.Parked == 0 {
		return ok("no records")
	}
	reason := ""
	if all, err := outbox.ListParked(b.dir); err == nil && len(all) > 0 {
		reason = all[0].Reason
	}
	return warning("sudo stationctl outbox replay --all --outbox "+quote(b.dir),
		"%s could not be delivered (see stationctl outbox list): %s", countOf(int(state.Parked), "record"), reason)
}

func (b *box) damaged(state *outbox.State) result {
	if state == nil || state.Damaged == 0 {
		return ok("no records")
	}
	return warning(installed.Restart, "%s unreadable, for example after a power cut or on a worn SD card; Telegraf moves them to %s and delivers the rest",
		countOf(int(state.Damaged), "record"), filepath.Join(b.dir, "quarantine"))
}

// service checks whether a Telegraf uses the outbox.
func (b *box) service(state *outbox.State) result {
	switch {
	case b.dir == "":
		return unchecked("only the lock of an outbox shows whether Telegraf is running")
	case state == nil || !state.InUse:
		return failed(fixEnableService, "no Telegraf uses %s", b.dir)
	}
	return ok("a Telegraf uses %s", b.dir)
}
