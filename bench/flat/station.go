package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/influxdata/telegraf/plugins/common/kafka"

	"github.com/telegraf-station/telegraf-station/bench/peers/figures"
	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/simulate"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	broker "github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// station writes readings at full speed through a durable outbox to a real broker.
func station(ctx context.Context, dir string, records int) (rows [][]string, err error) {
	brokers, err := broker.StartReal(ctx, broker.Options{Brokers: 1, Dir: filepath.Join(dir, "kafka")})
	if err != nil {
		return nil, err
	}
	defer brokers.Close() //nolint:errcheck // its data is not needed again
	o := simulate.Options{
		Brokers: brokers.Addresses(), Kafka: kafka.Config{}, Stations: 1, Sites: 1, Prefix: "SIM", Records: int64(records), Replication: 1,
		Outbox: filepath.Join(dir, "outbox"),
	}
	if err := create(ctx, o); err != nil {
		return nil, err
	}
	rows = [][]string{{"readings acknowledged", "heap after collection, MB", "goroutines"}}
	next := int64(records / 100)
	look := func(acknowledged int64) {
		heap, goroutines := settled()
		rows = append(rows, []string{figures.Count(float64(acknowledged), 0), fmt.Sprintf("%.1f", float64(heap)/1e6), fmt.Sprint(goroutines)})
	}
	sum, err := simulate.Run(ctx, o, func(p simulate.Progress) {
		if p.Acknowledged >= next {
			look(p.Acknowledged)
			next = max(2*p.Acknowledged, int64(records/10))
		}
	})
	if err == nil && sum.Acknowledged != int64(records) {
		err = fmt.Errorf("%d of %d readings were acknowledged: %v", sum.Acknowledged, records, sum.Errors)
	}
	look(sum.Acknowledged) // it has stopped, so fewer goroutines are left
	return rows, err
}

func create(ctx context.Context, o simulate.Options) error {
	topics, err := o.Topics()
	if err != nil {
		return err
	}
	cluster, err := site.Open(ctx, o.Brokers, stationkafka.NewToolConfig())
	if err != nil {
		return err
	}
	defer cluster.Close()
	fleet, err := cluster.PlanFleet(ctx, topics, nil)
	if err != nil {
		return err
	}
	return fleet.Apply(ctx, func(*site.Plan) error { return nil })
}

// settled returns the heap size after a collection, and the number of goroutines.
func settled() (heap uint64, goroutines int) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, runtime.NumGoroutine()
}
