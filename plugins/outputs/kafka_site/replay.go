package kafka_site

import (
	"errors"
	"fmt"
	"io/fs"
	"os/user"
	"syscall"

	"github.com/influxdata/telegraf/plugins/parsers/influx"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// replay delivers a parked record as a new one: with the options of now, if it was parked before there was a record.
func (k *KafkaSite) replay(parked *outbox.Parked) error {
	r := &outbox.Record{Topic: parked.Topic, Device: parked.Device, Time: parked.Time.UnixNano(), Value: parked.RecordValue()}
	if parked.Metric != "" {
		var err error
		if r, err = k.remake(parked.Metric); err != nil {
			return k.parkAgain(parked, err)
		}
	}
	if err := k.outbox.Append([]*outbox.Record{r}); err != nil {
		return err
	}
	k.Log.Infof("Parked record %q of device %q is sent again", parked.Name, parked.Device)
	return nil
}

func (k *KafkaSite) remake(text string) (*outbox.Record, error) {
	parser := influx.Parser{}
	if err := parser.Init(); err != nil {
		return nil, err
	}
	metric, err := parser.ParseLine(text)
	if err != nil {
		return nil, err
	}
	return k.replayed.record(metric)
}

// parkAgain keeps what still cannot be written.
func (k *KafkaSite) parkAgain(parked *outbox.Parked, why error) error {
	k.Log.Errorf("Parked record %q still cannot be written and is parked again: %v", parked.Name, why)
	parked.Reason = why.Error()
	return k.outbox.ParkMetric(parked)
}

// advice says what to do about an outbox that cannot be opened.
func advice(err error, dir string) string {
	switch {
	case errors.Is(err, outbox.ErrInUse):
		return ": another Telegraf runs with this outbox; give each its own"
	case errors.Is(err, fs.ErrPermission):
		name := "this user"
		if current, err := user.Current(); err == nil {
			name = current.Username
		}
		return fmt.Sprintf(": run: sudo install -d -o %s -m 0750 %s", name, dir)
	case errors.Is(err, syscall.EROFS):
		return ": the filesystem is read-only: remount it, or set outbox to a place on another one"
	case errors.Is(err, syscall.ENOSPC):
		return ": the disk is full"
	}
	return ""
}
