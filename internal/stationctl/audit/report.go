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
	// Store is true if InfluxDB was compared.
	Store bool `json:"store"`
}

// Topic is the result of a topic.
type Topic struct {
	Name string `json:"topic"`
	// Foreign counts records without the headers, Unreadable those with invalid headers or values. An unreadable record with a valid number
	// also counts for its device: it has arrived.
	Foreign    int64    `json:"foreign"`
	Unreadable int64    `json:"unreadable"`
	Devices    []Device `json:"devices"`
	// Damaged are the first batches that cannot be decoded.
	Damaged []Damaged `json:"damaged,omitempty"`
}

// Damaged is a batch that cannot be decoded: what it holds is unknown.
type Damaged struct {
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	To        int64  `json:"to"`
	Error     string `json:"error"`
}

// Device is the result of one device in a topic. Parked and Dropped count the numbers that the agent reported as such.
type Device struct {
	ID         string `json:"device_id"`
	Records    int64  `json:"records"`
	Lost       int64  `json:"lost"`
	Repeated   int64  `json:"repeated"`
	Conflicts  int64  `json:"conflicts"`
	OutOfOrder int64  `json:"out_of_order"`
	Parked     int64  `json:"parked"`
	Dropped    int64  `json:"dropped"`
	// Earlier counts the numbers that were given before the topic existed.
	Earlier int64     `json:"earlier"`
	Newest  time.Time `json:"newest,omitzero"`
	Epochs  []Epoch   `json:"epochs"`
	// Doubled counts the times for which InfluxDB has more than one point, as with a tag that was added later.
	Doubled int64 `json:"doubled"`
	// Missing counts the distinct times of readings that InfluxDB lacks; MissingTimes are the first few.
	Missing      int64       `json:"missing"`
	MissingTimes []time.Time `json:"missing_times,omitempty"`
}

// Epoch is one epoch of the outbox of the device.
type Epoch struct {
	Name  string         `json:"epoch"`
	First uint64         `json:"first"`
	Last  uint64         `json:"last"`
	Lost  []record.Range `json:"lost,omitempty"`
	// Parked and Dropped are the numbers that the agent reported as such.
	Parked  []record.Range `json:"parked,omitempty"`
	Dropped []record.Range `json:"dropped,omitempty"`
	// Earlier counts the numbers before First, if this is the first epoch in the topic and retention has deleted nothing: their records were
	// written to a topic that was deleted, or to other brokers.
	Earlier uint64 `json:"earlier,omitempty"`
	// BeginDeleted is true if retention has deleted records, so that numbers before First are not checked.
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

// Records counts the records with the headers.
func (r *Report) Records() int64 { return r.sum(func(d *Device) int64 { return d.Records }) }

// Lost counts the numbers that did not arrive and that no agent reported.
func (r *Report) Lost() int64 { return r.sum(func(d *Device) int64 { return d.Lost }) }

// Repeated counts the records with an earlier number and the same value.
func (r *Report) Repeated() int64 { return r.sum(func(d *Device) int64 { return d.Repeated }) }

// Conflicts counts the records with an earlier number and a different value.
func (r *Report) Conflicts() int64 { return r.sum(func(d *Device) int64 { return d.Conflicts }) }

// OutOfOrder counts the records after a newer one of their device, except repeats.
func (r *Report) OutOfOrder() int64 { return r.sum(func(d *Device) int64 { return d.OutOfOrder }) }

// Parked counts the numbers that agents reported as parked.
func (r *Report) Parked() int64 { return r.sum(func(d *Device) int64 { return d.Parked }) }

// Dropped counts the numbers that a full outbox dropped.
func (r *Report) Dropped() int64 { return r.sum(func(d *Device) int64 { return d.Dropped }) }

// Missing counts the readings that are not in InfluxDB.
func (r *Report) Missing() int64 { return r.sum(func(d *Device) int64 { return d.Missing }) }

// Doubled counts the readings with more than one point in InfluxDB.
func (r *Report) Doubled() int64 { return r.sum(func(d *Device) int64 { return d.Doubled }) }

// Unreadable counts the records with invalid headers or values.
func (r *Report) Unreadable() (n int64) {
	for _, topic := range r.Topics {
		n += topic.Unreadable
	}
	return n
}

// OK reports whether every promise is kept.
func (r *Report) OK() bool {
	return r.Lost() == 0 && r.Conflicts() == 0 && r.OutOfOrder() == 0 && r.Unreadable() == 0 && r.Missing() == 0 && r.Doubled() == 0
}

// Write prints the report as a table, with details and a summary.
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

// shown returns the key of a record in a form that is safe for a terminal: a foreign record can have any key.
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
		for _, d := range topic.Damaged {
			fmt.Fprintf(&text, "%s, partition %d: offsets %d to %d cannot be decoded: %s\n", topic.Name, d.Partition, d.From, d.To, d.Error)
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

// shownLosses limits the printed lost ranges of an epoch; JSON has all.
const shownLosses = 10

func (e *Epoch) losses(topic, device string) string {
	var text strings.Builder
	if e.BeginDeleted && e.First > 1 {
		fmt.Fprintf(&text, "%s, %s, epoch %s: begins at %d; retention has deleted the records before it, which are not checked\n", topic, device, e.Name, e.First)
	}
	if e.Earlier > 0 {
		fmt.Fprintf(&text, "%s, %s, epoch %s: begins at %d; the records before it went to a topic that was deleted or to other brokers, and are not checked\n",
			topic, device, e.Name, e.First)
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
	if earlier := r.sum(func(d *Device) int64 { return d.Earlier }); earlier > 0 {
		text += fmt.Sprintf(", %d from before their topic existed", earlier)
	}
	if unreadable := r.Unreadable(); unreadable > 0 {
		text += fmt.Sprintf(", %d unreadable", unreadable)
	}
	return text + "\n"
}
