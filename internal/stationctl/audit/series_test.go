package audit

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// damage writes a stream of one device in one partition and damages it as requested; it has what an audit must find.
type damage struct {
	series *series
	want   Device
	epoch  string
	// arrived are the numbers in the topic, of all epochs; held arrive late.
	arrived []position
	held    []uint64
	// gone are the unreported missing numbers of the epoch, newest its highest that arrived.
	gone   []uint64
	newest uint64
	// unreported are dropped; the next record reports them.
	unreported record.Skipped
	// reported are those that a record has reported.
	parked, dropped []record.Range
}

func (d *damage) write(seq uint64) {
	e := numbered(int(seq))
	e.position.epoch = d.epoch
	if seq < d.newest {
		d.want.OutOfOrder++
	} else {
		d.want.Parked += count(d.unreported.Parked)
		d.want.Dropped += count(d.unreported.Dropped)
		d.parked, d.dropped = append(d.parked, d.unreported.Parked...), append(d.dropped, d.unreported.Dropped...)
		e.skipped, d.unreported, d.newest = d.unreported, record.Skipped{}, seq
	}
	d.want.Newest = maxTime(d.want.Newest, e.time)
	d.want.Records++
	d.arrived = append(d.arrived, e.position)
	d.series.add(e)
}

func (d *damage) again(p position, conflict bool) {
	e := numbered(int(p.seq))
	e.position = p
	d.want.Records++
	if conflict {
		e.value = []byte("another")
		d.want.Conflicts++
	} else {
		d.want.Repeated++
	}
	d.series.add(e)
}

func (d *damage) writeHeld() {
	for _, seq := range d.held {
		d.write(seq)
	}
	d.held = nil
}

// endEpoch notes what is lost: numbers after the highest that arrived cannot be missed.
func (d *damage) endEpoch() {
	if d.newest == 0 {
		return
	}
	d.gone = slices.DeleteFunc(append(d.gone, d.held...), func(seq uint64) bool { return seq > d.newest })
	slices.Sort(d.gone)
	first := uint64(0)
	for _, p := range d.arrived {
		if p.epoch == d.epoch && (first == 0 || p.seq < first) {
			first = p.seq
		}
	}
	var earlier uint64
	if len(d.want.Epochs) == 0 { // what comes before the first record of a topic is not missed
		for len(d.gone) > 0 && d.gone[0] < first {
			d.gone, earlier = d.gone[1:], earlier+1
		}
	}
	d.want.Lost += int64(len(d.gone))
	d.want.Earlier += int64(earlier)
	d.want.Epochs = append(d.want.Epochs, Epoch{
		Name: d.epoch, First: first, Last: d.newest, Lost: record.NewRangeSet(d.gone...), Parked: joined(d.parked), Dropped: joined(d.dropped), Earlier: earlier,
	})
}

// joined are ranges of one number each, as the damage has them.
func joined(ranges []record.Range) []record.Range {
	var seqs []uint64
	for _, r := range ranges {
		seqs = append(seqs, r.From)
	}
	return record.NewRangeSet(seqs...)
}

func (d *damage) step(t *rapid.T, seq uint64) {
	switch rapid.IntRange(0, 12).Draw(t, "what") {
	case 0:
		d.gone = append(d.gone, seq)
	case 1:
		d.unreported.Parked = append(d.unreported.Parked, record.Range{From: seq, To: seq})
	case 2:
		d.unreported.Dropped = append(d.unreported.Dropped, record.Range{From: seq, To: seq})
	case 3:
		d.held = append(d.held, seq)
	case 4, 5:
		if len(d.arrived) > 0 {
			d.again(rapid.SampledFrom(d.arrived).Draw(t, "again"), rapid.Bool().Draw(t, "conflict"))
		}
		d.write(seq)
	case 6:
		d.write(seq)
		d.writeHeld()
	default:
		d.write(seq)
	}
}

// Random damage to a gapless stream is reported exactly.
func TestDamageIsReportedExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := &damage{series: newSeries(false), want: Device{ID: "pi"}}
		for _, d.epoch = range []string{firstEpoch, secondEpoch} {
			d.newest, d.gone, d.held, d.unreported = 0, nil, nil, record.Skipped{}
			d.parked, d.dropped = nil, nil
			n := rapid.Uint64Range(1, 100).Draw(t, "n")
			for seq := uint64(1); seq <= n; seq++ {
				d.step(t, seq)
			}
			d.endEpoch()
		}
		require.Equal(t, d.want, d.series.device("pi"))
	})
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func numbered(seq int) *entry {
	return &entry{position: position{firstEpoch, uint64(seq)}, value: fmt.Append(nil, seq), time: begin.Add(time.Duration(seq)), whole: true}
}

func TestMemoryOfALongStreamIsBounded(t *testing.T) {
	t.Parallel()
	s := newSeries(false)
	for seq := 1; seq <= 3*rememberedValues; seq++ {
		s.add(numbered(seq))
	}
	require.Len(t, s.values, rememberedValues)
	require.Len(t, s.epochs[firstEpoch].seen, 1)
	old := numbered(1)
	old.value = []byte("another")
	s.add(old)
	require.EqualValues(t, 1, s.repeated, "too old to be distinguished from a repeat")
}
