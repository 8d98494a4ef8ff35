package audit

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// Report is what an audit found.
type Report struct {
	Topics []Topic `json:"topics"`
	// Store says that InfluxDB was compared too.
	Store bool `json:"store"`
}

// Topic is a site's.
type Topic struct {
	Name string `json:"topic"`
	// Foreign are records without the headers, Unreadable those with headers or values that make no sense. An unreadable record whose
	// number can be read is counted with its device too: it has arrived.
	Foreign    int64    `json:"foreign"`
	Unreadable int64    `json:"unreadable"`
	Devices    []Device `json:"devices"`
}

// Device is what was found of one device in a topic. Parked and Dropped are numbers that the agent gave up and told of.
type Device struct {
	ID         string    `json:"device_id"`
	Records    int64     `json:"records"`
	Lost       int64     `json:"lost"`
	Repeated   int64     `json:"repeated"`
	Conflicts  int64     `json:"conflicts"`
	OutOfOrder int64     `json:"out_of_order"`
	Parked     int64     `json:"parked"`
	Dropped    int64     `json:"dropped"`
	Newest     time.Time `json:"newest,omitzero"`
	Epochs     []Epoch   `json:"epochs"`
	// Doubled are times of readings for which InfluxDB has more than one point, as with a tag that was added later.
	Doubled int64 `json:"doubled"`
	// Missing are distinct times of readings that InfluxDB does not have; MissingTimes are the first few.
	Missing      int64       `json:"missing"`
	MissingTimes []time.Time `json:"missing_times,omitempty"`
}

// Epoch is one life of the device's outbox.
type Epoch struct {
	Name  string         `json:"epoch"`
	First uint64         `json:"first"`
	Last  uint64         `json:"last"`
	Lost  []record.Range `json:"lost,omitempty"`
	// Parked and Dropped are the numbers that the agent gave up and told of.
	Parked  []record.Range `json:"parked,omitempty"`
	Dropped []record.Range `json:"dropped,omitempty"`
	// BeginDeleted says that the topic's retention has deleted records, so that numbers before First are not judged.
	BeginDeleted bool `json:"begin_deleted"`
}

func (r *Report) sum(of func(*Device) int64) (n int64) {
	for _, topic := range r.Topics {
		for i := range topic.Devices {
			n += of(&topic.Devices[i])
		}
	}
	return n
}

// Records are all that have the headers.
func (r *Report) Records() int64 { return r.sum(func(d *Device) int64 { return d.Records }) }

// Lost are numbers that did not arrive and that no agent told of.
func (r *Report) Lost() int64 { return r.sum(func(d *Device) int64 { return d.Lost }) }

// Repeated are records with a number that was there before.
func (r *Report) Repeated() int64 { return r.sum(func(d *Device) int64 { return d.Repeated }) }

// Conflicts are records with a number that was there before, but another value.
func (r *Report) Conflicts() int64 { return r.sum(func(d *Device) int64 { return d.Conflicts }) }

// OutOfOrder are records that came after a newer one of their device, repeats aside.
func (r *Report) OutOfOrder() int64 { return r.sum(func(d *Device) int64 { return d.OutOfOrder }) }

// Parked and Dropped are numbers that agents told of.
func (r *Report) Parked() int64 { return r.sum(func(d *Device) int64 { return d.Parked }) }

// Dropped are numbers that a full outbox gave up.
func (r *Report) Dropped() int64 { return r.sum(func(d *Device) int64 { return d.Dropped }) }

// Missing are readings that are not in InfluxDB.
func (r *Report) Missing() int64 { return r.sum(func(d *Device) int64 { return d.Missing }) }

// Doubled are readings that are in InfluxDB more than once.
func (r *Report) Doubled() int64 { return r.sum(func(d *Device) int64 { return d.Doubled }) }

// Unreadable are records with the headers, but with headers or values that make no sense.
func (r *Report) Unreadable() (n int64) {
	for _, topic := range r.Topics {
		n += topic.Unreadable
	}
	return n
}

// Sound tells whether everything that was promised is kept.
func (r *Report) Sound() bool {
	return r.Lost() == 0 && r.Conflicts() == 0 && r.OutOfOrder() == 0 && r.Unreadable() == 0 && r.Missing() == 0 && r.Doubled() == 0
}

// Write prints the report as a table, the details, and a summary.
func (r *Report) Write(w io.Writer) error {
	if err := texttable.Write(w, r.rows()); err != nil {
		return err
	}
	_, err := io.WriteString(w, r.details()+r.summary())
	return err
}

func (r *Report) rows() [][]string {
	rows := [][]string{{"topic", "device", "records", "lost", "repeated", "conflicts", "out of order", "parked", "dropped", "epochs", "newest"}}
	if r.Store {
		rows[0] = append(rows[0], "not in InfluxDB", "twice in InfluxDB")
	}
	for _, topic := range r.Topics {
		for _, d := range topic.Devices {
			row := []string{topic.Name, shown(d.ID)}
			for _, n := range []int64{d.Records, d.Lost, d.Repeated, d.Conflicts, d.OutOfOrder, d.Parked, d.Dropped, int64(len(d.Epochs))} {
				row = append(row, strconv.FormatInt(n, 10))
			}
			row = append(row, d.newest())
			if r.Store {
				row = append(row, strconv.FormatInt(d.Missing, 10), strconv.FormatInt(d.Doubled, 10))
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func (d *Device) newest() string {
	if d.Newest.IsZero() {
		return "none"
	}
	return d.Newest.Format(time.RFC3339)
}

// shown is a record's key as a terminal can show it: what is no agent's may hold anything.
func shown(key string) string {
	if quoted := strconv.Quote(key); quoted != `"`+key+`"` || key == "" {
		return quoted
	}
	return key
}

func (r *Report) details() string {
	var text strings.Builder
	for _, topic := range r.Topics {
		if topic.Foreign > 0 || topic.Unreadable > 0 {
			fmt.Fprintf(&text, "%s: %d records without our headers, %d unreadable\n", topic.Name, topic.Foreign, topic.Unreadable)
		} else if len(topic.Devices) == 0 {
			fmt.Fprintf(&text, "%s: no records\n", topic.Name)
		}
		for _, d := range topic.Devices {
			for _, e := range d.Epochs {
				text.WriteString(e.losses(topic.Name, shown(d.ID)))
			}
			for _, missing := range d.MissingTimes {
				fmt.Fprintf(&text, "%s, %s: %s is not in InfluxDB\n", topic.Name, shown(d.ID), missing.Format(time.RFC3339Nano))
			}
		}
	}
	return text.String()
}

// shownLosses is how many lost ranges of an epoch are printed; JSON has all.
const shownLosses = 10

func (e *Epoch) losses(topic, device string) string {
	var text strings.Builder
	if e.BeginDeleted && e.First > 1 {
		fmt.Fprintf(&text, "%s, %s, epoch %s: begins at %d: retention has deleted records, what was before is not judged\n", topic, device, e.Name, e.First)
	}
	for _, lost := range e.Lost[:min(len(e.Lost), shownLosses)] {
		fmt.Fprintf(&text, "%s, %s, epoch %s: lost %d to %d\n", topic, device, e.Name, lost.From, lost.To)
	}
	if more := len(e.Lost) - shownLosses; more > 0 {
		fmt.Fprintf(&text, "%s, %s, epoch %s: and %d more ranges\n", topic, device, e.Name, more)
	}
	return text.String()
}

func (r *Report) summary() string {
	text := fmt.Sprintf("%d records, %d lost, %d repeated, %d conflicts, %d out of order", r.Records(), r.Lost(), r.Repeated(), r.Conflicts(), r.OutOfOrder())
	if r.Store {
		text += fmt.Sprintf(", %d not in InfluxDB, %d twice", r.Missing(), r.Doubled())
	}
	if unreadable := r.Unreadable(); unreadable > 0 {
		text += fmt.Sprintf(", %d unreadable", unreadable)
	}
	return text + "\n"
}
