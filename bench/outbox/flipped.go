package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// flipped changes one byte anywhere in the queue's files.
func flipped(ctx context.Context, b *bench, c candidate, t *table) error {
	_, after, err := b.filledQueue(ctx, c)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the trials are the same each time
	var all flips
	for range trials {
		name, at := after.anyByte(random)
		data := bytes.Clone(after[name])
		data[at] ^= byte(1 + random.IntN(255)) //nolint:gosec // below 256
		found, err := b.reopened(ctx, c, after.with(name, data))
		all.add(judge(found, err, acked+1, filled, filled))
	}
	t.set("one flipped byte, of 200: no more lost than the damaged record, and that said", c, "%d", all.fine)
	t.set("… opens or reads no more", c, "%d", all.refused)
	t.set("… loses sound records, or is silent (most of 5,000 lost)", c, "%s", all.lostText())
	t.set("… hands out a damaged record as sound", c, "%d", all.wrong)
	t.set("… repeats acknowledged records or changes the order", c, "%d", all.repeated)
	t.set("… takes no further record, or has not all after another restart", c, "%d", all.stuck)
	return nil
}

// anyByte chooses among all that is used: the zeros that a file ends with are not.
func (f files) anyByte(random *rand.Rand) (name string, at int) {
	var all []string
	total := 0
	for each := range f {
		if !strings.HasSuffix(each, "-shm") { // SQLite makes it anew
			all = append(all, each)
			total += f.used(each)
		}
	}
	slices.Sort(all)
	at = random.IntN(total)
	for _, name = range all {
		if at < f.used(name) {
			break
		}
		at -= f.used(name)
	}
	return name, at
}

func (f files) used(name string) int { return len(bytes.TrimRight(f[name], "\x00")) }

// flips count outcomes, each in one place: that of the worst it has.
type flips struct {
	fine, refused, lost, most, wrong, repeated, stuck int
}

func (f *flips) add(o outcome) {
	switch {
	case o.refused:
		f.refused++
	case o.wrong > 0:
		f.wrong++
	case o.lost > 1 || o.lost == 1 && !o.said:
		f.lost++
		f.most = max(f.most, o.lost)
	case o.repeated+o.displaced > 0:
		f.repeated++
	case !o.goesOn:
		f.stuck++
	default:
		f.fine++
	}
}

func (f *flips) lostText() string {
	if f.lost == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%d)", f.lost, f.most)
}
