package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/bench/outbox/probe"
)

const (
	trials = 200
	// filled and acked are the records of the queue that is damaged: more than a segment's, appended one by one.
	filled, acked = 6_000, 1_000
)

// files are a queue's, by their names.
type files map[string][]byte

// filledQueue makes a queue that a process left as kill -9 does, as it was before and after its last append.
func (b *bench) filledQueue(ctx context.Context, c candidate) (before, after files, err error) {
	folder, err := b.memoryFolder()
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	dir, earlier := filepath.Join(folder, "queue"), filepath.Join(folder, "before")
	err = b.do(ctx, c, nil, "fill", "-dir", dir, "-before", earlier, "-n", strconv.Itoa(filled), "-acked", strconv.Itoa(acked))
	if err != nil {
		return nil, nil, err
	}
	if before, err = load(earlier); err != nil {
		return nil, nil, err
	}
	after, err = load(dir)
	return before, after, err
}

// memoryFolder is where nothing needs a disk: thousands of queues are written to be read once.
func (b *bench) memoryFolder() (string, error) { return os.MkdirTemp("/dev/shm", "bench-outbox-") }

func load(dir string) (files, error) {
	all := files{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			all[name], err = os.ReadFile(path) //nolint:gosec // the queue's own files
		}
		return err
	})
	return all, err
}

// reopened writes the files, and has the candidate open and read them.
func (b *bench) reopened(ctx context.Context, c candidate, all files) (found probe.Found, err error) {
	folder, err := b.memoryFolder()
	if err != nil {
		return found, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // its error is not the candidate's
	for name, data := range all {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return found, err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return found, err
		}
	}
	return b.verify(ctx, c, folder)
}

// with has other bytes in one file.
func (f files) with(name string, data []byte) files {
	other := maps.Clone(f)
	other[name] = data
	return other
}

// torn cuts the last append short.
func torn(ctx context.Context, b *bench, c candidate, t *table) error {
	const cut, part = "torn tail, file truncated: opens with all earlier records and goes on, of 200",
		"torn tail, the rest zero or as before: the same, of 200"
	if c.tail == "" {
		t.set(cut, c, "–")
		t.set(part, c, "–")
		return nil
	}
	before, after, err := b.filledQueue(ctx, c)
	if err != nil {
		return err
	}
	name, from, to := lastWrite(c, before, after)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the trials are the same each time
	var truncated, partial []outcome
	for i := range trials {
		at := from + random.IntN(to-from)
		truncated = append(truncated, b.tornAt(ctx, c, after.with(name, after[name][:at])))
		rest := make([]byte, len(after[name])-at)
		if i%2 == 0 && at < len(before[name]) {
			copy(rest, before[name][at:])
		}
		partial = append(partial, b.tornAt(ctx, c, after.with(name, append(bytes.Clone(after[name][:at]), rest...))))
	}
	t.set(cut, c, "%s", summary(truncated))
	t.set(part, c, "%s", summary(partial))
	return nil
}

func (b *bench) tornAt(ctx context.Context, c candidate, all files) outcome {
	found, err := b.reopened(ctx, c, all)
	return judge(found, err, acked+1, filled-1, filled)
}

// lastWrite is the part of a file that the last append changed.
func lastWrite(c candidate, before, after files) (name string, from, to int) {
	for each, data := range after {
		if is, err := filepath.Match(c.tail, filepath.Base(each)); err != nil || !is {
			continue
		}
		old := append(bytes.Clone(before[each]), make([]byte, max(0, len(data)-len(before[each])))...)
		begin, end := -1, -1
		for i := range data {
			if data[i] != old[i] {
				end = i + 1
				if begin < 0 {
					begin = i
				}
			}
		}
		if begin >= 0 && each > name {
			name, from, to = each, begin, end
		}
	}
	return name, from, to
}

// summary counts the sound outcomes, and says what the others are.
func summary(all []outcome) string {
	sound, refused, lost, most, stuck, wrong, repeated := 0, 0, 0, 0, 0, 0, 0
	for _, o := range all {
		switch {
		case o.sound():
			sound++
		case o.refused:
			refused++
		case o.lost > 0:
			lost++
			most = max(most, o.lost)
		case o.wrong > 0:
			wrong++
		case o.repeated+o.displaced > 0:
			repeated++
		default:
			stuck++
		}
	}
	text := []string{strconv.Itoa(sound)}
	for _, each := range []struct {
		n    int
		what string
	}{
		{refused, "refuses"},
		{lost, fmt.Sprintf("loses up to %d", most)},
		{wrong, "damaged records"},
		{repeated, "repeated or moved records"},
		{stuck, "takes no more"},
	} {
		if each.n > 0 {
			text = append(text, fmt.Sprintf("%d %s", each.n, each.what))
		}
	}
	return strings.Join(text, "; ")
}
