package kafka_site

import (
	"errors"
	"fmt"
	"time"

	"github.com/influxdata/telegraf/plugins/parsers/influx"
	serializer "github.com/influxdata/telegraf/plugins/serializers/influx"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// parkUnfit parks the metrics that have no record, or one that is too large.
func (k *KafkaSite) parkUnfit(entries []*entry) {
	for _, e := range entries {
		if e.unfit != nil {
			outcome := k.park(e)
			k.reportRejected(e.device(), e.metric.Time(), outcome, e.unfit, e.value())
		}
	}
}

// park writes a metric to a file, and returns the outcome for the log.
func (k *KafkaSite) park(e *entry) string {
	parked := &outbox.Parked{Reason: e.unfit.Error(), Device: e.device(), Time: e.metric.Time().UTC()}
	if e.record != nil {
		parked.Topic = e.record.Topic
	}
	line := serializer.Serializer{}
	if err := line.Init(); err == nil {
		if text, err := line.Serialize(e.metric); err == nil {
			parked.Metric = string(text)
		}
	}
	return parkOutcome(k.outbox.ParkMetric(parked))
}

// parkOutcome returns what became of a record that cannot be written, given the error of parking it.
func parkOutcome(err error) string {
	switch {
	case err == nil:
		return "was parked"
	case errors.Is(err, outbox.ErrNoDir):
		return "was dropped"
	}
	return fmt.Sprintf("was dropped (%v)", err)
}

func (e *entry) device() string {
	device, _ := e.metric.GetTag("device_id")
	return device
}

func (e *entry) value() string {
	if e.record == nil {
		return ""
	}
	return string(e.record.Value)
}

// reportRejected counts and logs a record that can never be written: the first one with its reason in full.
func (k *KafkaSite) reportRejected(device string, at time.Time, outcome string, why error, value string) {
	k.counters.rejected.Incr(1)
	if value != "" {
		value = fmt.Sprintf(": %.300q", value)
	}
	k.rejections.Errorf("rejected "+why.Error(), "Record of device %q at %s cannot be written and %s: %v%s",
		device, at.UTC().Format("2006-01-02T15:04:05.999Z"), outcome, why, value)
}

// replay sends a parked record again, with the number that it has. If it was parked as a metric, its record is built with the current options.
func (k *KafkaSite) replay(parked *outbox.Parked) error {
	r := &outbox.Record{
		Topic: parked.Topic, Device: parked.Device, Time: parked.Time.UnixNano(), Value: parked.RecordValue(), Epoch: parked.Epoch, Seq: parked.Seq,
	}
	if parked.Metric != "" {
		var err error
		if r, err = k.rebuild(parked.Metric); err != nil {
			k.incidents.Errorf("parked-again", "Parked record %q still cannot be written and was parked again: %v", parked.Name, err)
			parked.Reason = err.Error()
			return k.outbox.ParkMetric(parked)
		}
	}
	if err := k.outbox.Append([]*outbox.Record{r}); err != nil {
		return err
	}
	k.incidents.Infof("replayed", "Sending parked record %q of device %q again", parked.Name, parked.Device)
	return nil
}

// rebuild returns the record of a metric in line protocol.
func (k *KafkaSite) rebuild(text string) (*outbox.Record, error) {
	parser := influx.Parser{}
	if err := parser.Init(); err != nil {
		return nil, err
	}
	metric, err := parser.ParseLine(text)
	if err != nil {
		return nil, err
	}
	return k.records.record(metric)
}
