package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
)

// centralRound writes records to Kafka for a contender and queries the points in a new InfluxDB.
func (b *bench) centralRound(ctx context.Context, c contender.Contender, place contender.Place) (phases map[int]figures.Phase, err error) {
	if place.Store, err = influxdb.StartV2(ctx, influxdb.Options{Dir: filepath.Join(place.Dir, "influxdb")}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, place.Store.Close()) }()
	source, err := b.openSource(c, place)
	if err != nil {
		return nil, err
	}
	defer source.close()
	r := &round{contender: c, track: &track{}, full: b.options.centralRecords, send: source.send, sent: source.flush, backlog: true}
	if r.running, err = c.Start(b.programs, place); err != nil {
		return nil, err
	}
	defer r.stop()
	if c.Ready != "" {
		if err := r.running[0].WaitForLog(ctx, c.Ready); err != nil {
			return nil, err
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() { stop(watch(ctx, place, r.track)) }()
	if phases, err = r.measure(ctx, b.options); err != nil {
		return nil, errors.Join(err, context.Cause(ctx))
	}
	return phases, errors.Join(countLost(ctx, place, r.track, phases), checkTypes(ctx, place))
}

// source is the source of records.
type source struct {
	send  func(i int, at time.Time) error
	flush func(ctx context.Context) error
	close func()
}

func (b *bench) openSource(c contender.Contender, place contender.Place) (source, error) {
	if c.Points {
		return openPoints(place)
	}
	client, err := b.cluster.producer(place.Topic())
	if err != nil {
		return source{}, err
	}
	failed := make(chan error, 1)
	send := func(i int, at time.Time) error {
		client.Produce(context.Background(), &kgo.Record{Key: []byte(contender.Device), Value: record(i, at)}, func(_ *kgo.Record, err error) {
			if err != nil {
				select {
				case failed <- err:
				default: // the first one is enough
				}
			}
		})
		return nil
	}
	flush := func(ctx context.Context) error {
		if err := client.Flush(ctx); err != nil {
			return err
		}
		select {
		case err := <-failed:
			return err
		default:
			return nil
		}
	}
	return source{send, flush, client.Close}, nil
}

// openPoints writes the points of the records to a file.
func openPoints(place contender.Place) (source, error) {
	file, err := os.Create(place.Points())
	if err != nil {
		return source{}, err
	}
	writer := bufio.NewWriter(file)
	return source{
		send: func(i int, at time.Time) error {
			_, err := writer.Write(point(place, i, at))
			return err
		},
		flush: func(context.Context) error { return writer.Flush() },
		close: func() { _ = file.Close() },
	}, nil
}

// watchEvery is the interval of queries for the newest point.
const watchEvery = 10 * time.Millisecond

// watch queries the newest point until the context ends. All contenders write the records of a topic in order, so the previous points exist as
// well; countLost checks that.
func watch(ctx context.Context, place contender.Place, track *track) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for seen := -1; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		newest, err := queryPoints(ctx, place, "last")
		if err != nil && ctx.Err() == nil {
			return err
		}
		if newest == nil {
			continue
		}
		dust, err := newest.Float64()
		if err != nil {
			return err
		}
		for now := time.Now(); seen < lineOf(dust); {
			seen++
			track.arrive(seen, now)
		}
	}
}

// queryPoints returns the value of an InfluxQL function over all points; nil without points.
func queryPoints(ctx context.Context, place contender.Place, function string) (*json.Number, error) {
	series, err := place.Store.Query(ctx, fmt.Sprintf("SELECT %s(dust) FROM %q", function, place.Measurement()))
	if err != nil || len(series) == 0 {
		return nil, err
	}
	number, ok := series[0].Values[0][1].(json.Number)
	if !ok {
		return nil, fmt.Errorf("unexpected result from InfluxDB: %v", series[0].Values[0])
	}
	return &number, nil
}

// countLost adds the points missing before the newest one to the last phase, which is the longest.
func countLost(ctx context.Context, place contender.Place, track *track, phases map[int]figures.Phase) error {
	counted, err := queryPoints(ctx, place, "count")
	if err != nil || counted == nil {
		return errors.Join(err, errors.New("no points in InfluxDB"))
	}
	stored, err := counted.Int64()
	if err != nil {
		return err
	}
	last := phases[figures.Full]
	last.Lost += max(0, track.present()-int(stored))
	phases[figures.Full] = last
	return nil
}

// checkTypes checks that all contenders write the same fields.
func checkTypes(ctx context.Context, place contender.Place) error {
	types, err := place.Store.FieldTypes(ctx, place.Measurement())
	if err != nil {
		return err
	}
	want := map[string]string{
		"status": "integer", "latitude": "float", "longitude": "float", "alcohol_gas": "integer", "co_gas": "integer",
		"temp": "float", "light": "integer", "dust": "float",
	}
	if !maps.Equal(types, want) {
		return fmt.Errorf("the points have fields %v, want %v", types, want)
	}
	return nil
}
