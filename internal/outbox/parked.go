package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Parked is a record that can never be delivered as it is, kept as one JSON file with the reason. Queue or Value are empty where the
// reason is that there are none; Metric is what they should have been made of.
type Parked struct {
	// Name is the file's.
	Name     string    `json:"-"`
	Reason   string    `json:"reason"`
	ParkedAt time.Time `json:"parked_at"`
	Topic    string    `json:"topic,omitempty"`
	Device   string    `json:"device_id,omitempty"`
	Time     time.Time `json:"time"`
	Epoch    uint64    `json:"epoch,omitempty"`
	Seq      uint64    `json:"seq,omitempty"`
	Value    string    `json:"value,omitempty"`
	// Bytes are the value where it is no text.
	Bytes  []byte `json:"bytes,omitempty"`
	Metric string `json:"metric,omitempty"`
}

const parkedSuffix = ".json"

// parkedFiles are the files of a directory, each with one parked record.
type parkedFiles struct {
	fs  files
	dir string
	// names are sorted, and so by time; bytes is what they take of the disk.
	names []string
	bytes int64
	// serial tells files of one moment apart.
	serial int
}

// blockSize is what the smallest file takes of a disk.
const blockSize = 4096

func blocks(size int64) int64 { return (size + blockSize - 1) / blockSize * blockSize }

// count looks at what is there: somebody may have taken records away.
func (p *parkedFiles) count() error {
	names, err := p.fs.Names(p.dir)
	p.names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, parkedSuffix) })
	p.bytes = 0
	for _, name := range p.names {
		p.bytes += p.size(name)
	}
	return err
}

func (p *parkedFiles) size(name string) int64 {
	f, err := p.fs.Open(filepath.Join(p.dir, name))
	if err != nil {
		return 0
	}
	defer f.Close() //nolint:errcheck // nothing was written
	size, err := f.Size()
	if err != nil {
		return 0
	}
	return blocks(size)
}

// add writes a file that is whole or not there.
func (p *parkedFiles) add(parked *Parked) error {
	if err := p.fs.MakeDir(p.dir); err != nil {
		return err
	}
	p.serial++
	name := fmt.Sprintf("%s-%06d%s", parked.ParkedAt.UTC().Format("20060102T150405.000000000"), p.serial, parkedSuffix)
	text, err := json.MarshalIndent(parked, "", "  ")
	if err != nil {
		return err
	}
	if err := p.write(name, append(text, '\n')); err != nil {
		return err
	}
	p.names = append(p.names, name)
	p.bytes += blocks(int64(len(text)))
	return nil
}

func (p *parkedFiles) write(name string, text []byte) error {
	path := filepath.Join(p.dir, name)
	f, err := p.fs.Create(path + ".new")
	if err != nil {
		return err
	}
	_, err = f.WriteAt(text, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = p.fs.Rename(path+".new", path)
	}
	if err != nil {
		return errors.Join(err, p.fs.Remove(path+".new"))
	}
	return p.fs.SyncDir(p.dir)
}

// removeOldest gives up the record that was parked first; somebody may have taken it already.
func (p *parkedFiles) removeOldest() error {
	name := p.names[0]
	p.names, p.bytes = p.names[1:], p.bytes-p.size(name)
	err := p.fs.Remove(filepath.Join(p.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Park moves an in-flight record that can never be delivered to a file of its own, with the reason. done gets the error that kept it from
// being parked, or nil; the record is not delivered again in either case.
func (o *Outbox) Park(r *Record, reason string, done func(error)) {
	done(o.parkRecord(r, reason))
}

func (o *Outbox) parkRecord(r *Record, reason string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	parked := &Parked{Reason: reason, Topic: r.Topic, Device: r.Device, Time: time.Unix(0, r.Time).UTC(), Epoch: r.Epoch, Seq: r.Seq}
	parked.setValue(r.Value)
	err := o.park(parked)
	o.numbers.skip(r, err == nil)
	o.settle([]*Record{r})
	return err
}

// ParkMetric puts on disk what no record could be made of.
func (o *Outbox) ParkMetric(parked *Parked) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.park(parked)
}

func (p *Parked) setValue(value []byte) {
	if utf8.Valid(value) {
		p.Value = string(value)
		return
	}
	p.Bytes = value
}

// RecordValue is the value of the record, text or not.
func (p *Parked) RecordValue() []byte {
	if p.Bytes != nil {
		return p.Bytes
	}
	return []byte(p.Value)
}

func (o *Outbox) park(parked *Parked) error {
	if o.main == nil {
		return ErrNoDir
	}
	parked.ParkedAt = o.now()
	if err := o.parked.add(parked); err != nil {
		return fmt.Errorf("the record cannot be parked: %w", err)
	}
	return o.boundParked()
}

// boundParked keeps parked records within a tenth of the outbox's bounds.
func (o *Outbox) boundParked() error {
	over := func() bool {
		n := len(o.parked.names)
		return n > 1 && (uint64(n) > o.options.MaxRecords/10 || o.parked.bytes > o.options.MaxBytes/10)
	}
	if !over() {
		return nil
	}
	if err := o.parked.count(); err != nil {
		return err
	}
	for over() {
		if err := o.parked.removeOldest(); err != nil {
			return err
		}
		o.options.Report(Incident{Records: 1, Dropped: true, Text: "the record that was parked first was dropped: parked records may take a tenth of the outbox"})
	}
	return nil
}

// ListParked reads the parked records of an outbox's directory, the oldest first; an agent may use it meanwhile.
func ListParked(dir string) ([]*Parked, error) { return readParked(filepath.Join(dir, "parked")) }

func readParked(dir string) ([]*Parked, error) {
	p := parkedFiles{fs: disk{}, dir: dir}
	if err := p.count(); err != nil {
		return nil, err
	}
	all := make([]*Parked, 0, len(p.names))
	for _, name := range p.names {
		text, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // a file of the user's own directory
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		parked := &Parked{Name: strings.TrimSuffix(name, parkedSuffix)}
		if err == nil {
			err = json.Unmarshal(text, parked)
		}
		if err != nil {
			return all, fmt.Errorf("parked record %q cannot be read: %w", name, err)
		}
		all = append(all, parked)
	}
	return all, nil
}

// Discard deletes a parked record.
func Discard(dir, name string) error {
	return os.Remove(filepath.Join(dir, "parked", filepath.Base(name)+parkedSuffix))
}

// Replay has the agent that uses the directory, now or later, deliver a parked record as a new one. The agent has made the
// directory for it: one of root's would be closed to it.
func Replay(dir, name string) error {
	file := filepath.Base(name) + parkedSuffix
	return os.Rename(filepath.Join(dir, "parked", file), filepath.Join(dir, "replay", file))
}

// DeliverReplays hands the records that Replay asked for to deliver, one after another, and forgets each for which it returns nil.
func (o *Outbox) DeliverReplays(deliver func(*Parked) error) error {
	if o.options.Dir == "" {
		return nil
	}
	dir := filepath.Join(o.options.Dir, "replay")
	all, err := readParked(dir)
	for _, parked := range all {
		if err := deliver(parked); err != nil {
			return fmt.Errorf("parked record %q is not replayed: %w", parked.Name, err)
		}
		if err := os.Remove(filepath.Join(dir, parked.Name+parkedSuffix)); err != nil {
			return err
		}
	}
	return err
}
