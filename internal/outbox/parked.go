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

// Parked is a record that cannot be delivered as it is, stored as a JSON file with the reason. If no record could be built, Topic or Value
// may be empty, and Metric holds the metric.
type Parked struct {
	// Name is the name of the file without its suffix.
	Name     string    `json:"-"`
	Reason   string    `json:"reason"`
	ParkedAt time.Time `json:"parked_at"`
	Topic    string    `json:"topic,omitempty"`
	Device   string    `json:"device_id,omitempty"`
	Time     time.Time `json:"time"`
	Epoch    uint64    `json:"epoch,omitempty"`
	Seq      uint64    `json:"seq,omitempty"`
	Value    string    `json:"value,omitempty"`
	// Bytes is the value if it is not valid UTF-8.
	Bytes  []byte `json:"bytes,omitempty"`
	Metric string `json:"metric,omitempty"`
}

// RecordValue returns the value of the record, text or not.
func (p *Parked) RecordValue() []byte {
	if p.Bytes != nil {
		return p.Bytes
	}
	return []byte(p.Value)
}

func newParked(r *Record, reason string) *Parked {
	p := &Parked{Reason: reason, Topic: r.Topic, Device: r.Device, Time: time.Unix(0, r.Time).UTC(), Epoch: r.Epoch, Seq: r.Seq}
	if utf8.Valid(r.Value) {
		p.Value = string(r.Value)
	} else {
		p.Bytes = r.Value
	}
	return p
}

// parkRequest is a record that Park was called for.
type parkRequest struct {
	record *Record
	reason string
	done   func(error)
}

// Park ends the delivery of a record in flight that cannot be delivered as it is, and stores it with the reason. It does not wait for the
// disk: done is called later, with the error that kept the record from being stored, or nil. The record is not delivered again in either
// case. done must not append to the outbox.
func (o *Outbox) Park(r *Record, reason string, done func(error)) {
	request := parkRequest{r, reason, done}
	o.mu.Lock()
	t := o.topic(r.Topic)
	t.inFlight = slices.DeleteFunc(t.inFlight, func(other *Record) bool { return other == r })
	open := o.open
	if open {
		o.parking = append(o.parking, request)
		o.wakeDisk()
	}
	o.mu.Unlock()
	if !open {
		o.finishParked(r, false)
		done(ErrNoDir)
	}
}

// parkRequested stores the records that Park was called for.
func (o *Outbox) parkRequested() {
	o.mu.Lock()
	requests := o.parking
	o.parking = nil
	o.mu.Unlock()
	for _, request := range requests {
		err := o.park(newParked(request.record, request.reason))
		o.finishParked(request.record, err == nil)
		o.publish() // the caller of Park may look at Stats once it is done
		request.done(err)
	}
	if len(requests) > 0 && o.main != nil {
		_ = o.main.writeState() // what the next records must list; if the disk does not take it, memory has it
	}
}

func (o *Outbox) finishParked(r *Record, parked bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sequence.skip(r, parked)
	o.finish([]*Record{r})
}

// ParkMetric stores a metric that no record could be built from.
func (o *Outbox) ParkMetric(parked *Parked) error {
	o.disk.Lock()
	defer o.unlockDisk()
	return o.park(parked)
}

func (o *Outbox) park(parked *Parked) error {
	if o.main == nil {
		return ErrNoDir
	}
	parked.ParkedAt = o.now()
	if err := o.parked.add(parked); err != nil {
		return fmt.Errorf("cannot park the record: %w", err)
	}
	return o.limitParked()
}

// limitParked drops the oldest parked records beyond a tenth of the limits of the outbox.
func (o *Outbox) limitParked() error {
	exceeded := func() bool {
		n := len(o.parked.names)
		return n > 1 && (uint64(n) > o.options.MaxRecords/10 || o.parked.bytes > o.options.MaxBytes/10)
	}
	if !exceeded() {
		return nil
	}
	if err := o.parked.list(); err != nil {
		return err
	}
	for exceeded() {
		oldest, err := o.parked.removeOldest()
		if err != nil {
			return err
		}
		o.skipDropped(oldest)
		o.options.Report(Incident{Records: 1, Dropped: true, Cause: "dropped-parked", Text: "the oldest parked record was dropped: parked records may take a tenth of the outbox"})
	}
	return nil
}

// skipDropped has the next record of its device list a parked record as dropped.
func (o *Outbox) skipDropped(parked *Parked) {
	if parked == nil || parked.Seq == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sequence.skip(&Record{Topic: parked.Topic, Device: parked.Device, Epoch: parked.Epoch, Seq: parked.Seq}, false)
}

const parkedSuffix = ".json"

// parkedFiles is a directory of files with one parked record each.
type parkedFiles struct {
	fs  filesystem
	dir string
	// names are sorted, and therefore by time; bytes is their disk usage.
	names []string
	bytes int64
	// serial keeps the names of files apart.
	serial int
}

// blockSize is the disk usage of the smallest file.
const blockSize = 4096

func blocks(size int64) int64 { return (size + blockSize - 1) / blockSize * blockSize }

// list reads the names of the files: operators may have removed some.
func (p *parkedFiles) list() error {
	names, err := p.fs.Names(p.dir)
	p.names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, parkedSuffix) })
	p.bytes = 0
	for _, name := range p.names {
		p.bytes += p.usage(name)
	}
	return err
}

func (p *parkedFiles) usage(name string) int64 {
	size, _ := fileSize(p.fs, filepath.Join(p.dir, name)) // an estimate
	return blocks(size)
}

// add stores a parked record: its file is complete or does not exist.
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

// removeOldest removes the record that was parked first, and returns it, if it still exists and can be read.
func (p *parkedFiles) removeOldest() (*Parked, error) {
	name := p.names[0]
	p.names, p.bytes = p.names[1:], p.bytes-p.usage(name)
	oldest, _ := p.read(name)
	err := p.fs.Remove(filepath.Join(p.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return oldest, err
}

// read returns a parked record.
func (p *parkedFiles) read(name string) (*Parked, error) {
	f, err := p.fs.Open(filepath.Join(p.dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	parked := &Parked{Name: strings.TrimSuffix(name, parkedSuffix)}
	text := make([]byte, size)
	if _, err := f.ReadAt(text, 0); err != nil {
		return nil, err
	}
	return parked, json.Unmarshal(text, parked)
}

// ListParked returns the parked records in an outbox directory, the oldest first. An agent may be using it.
func ListParked(dir string) ([]*Parked, error) { return readParked(filepath.Join(dir, "parked")) }

func readParked(dir string) ([]*Parked, error) {
	p := parkedFiles{fs: osFilesystem{}, dir: dir}
	if err := p.list(); err != nil {
		return nil, err
	}
	all := make([]*Parked, 0, len(p.names))
	for _, name := range p.names {
		parked, err := p.read(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return all, fmt.Errorf("cannot read parked record %q: %w", name, err)
		}
		all = append(all, parked)
	}
	return all, nil
}

// Discard deletes a parked record.
func Discard(dir, name string) error {
	return os.Remove(filepath.Join(dir, "parked", filepath.Base(name)+parkedSuffix))
}

// Replay requests that the agent that uses the directory, now or later, delivers a parked record as a new one. The agent has created the
// subdirectory for it: it could not access one that root creates.
func Replay(dir, name string) error {
	file := filepath.Base(name) + parkedSuffix
	return os.Rename(filepath.Join(dir, "parked", file), filepath.Join(dir, "replay", file))
}

// deliverReplays passes the records to be replayed to Options.Replay, and removes those for which it returns nil.
func (o *Outbox) deliverReplays() {
	dir := filepath.Join(o.options.Dir, "replay")
	all, err := readParked(dir)
	for _, parked := range all {
		if err = o.options.Replay(parked); err == nil {
			err = os.Remove(filepath.Join(dir, parked.Name+parkedSuffix))
		}
		if err != nil {
			err = fmt.Errorf("cannot replay parked record %q: %w", parked.Name, err)
			break
		}
	}
	if err != nil {
		o.options.Report(Incident{Cause: "replay", Err: err, Text: err.Error()})
	}
}
