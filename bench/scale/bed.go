package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// bed has the programs that run during the whole measurement.
type bed struct {
	options              options
	dir                  string
	telegraf, stationctl string
	brokers              *kafka.Real
	watcher              *watcher
	started              int // number of started central Telegraf instances, for their directories
}

// indexSize is in bytes. Each replica maps two such files, which are mostly empty. With the Kafka default of 10 MB, a kernel with a large
// read-ahead (8 MB in /sys/block/*/queue/read_ahead_kb) filled 16 GB of memory with zeros for 5,000 sites and did little else.
const indexSize = 64 << 10

func newBed(ctx context.Context, o options, dir string) (b *bed, err error) {
	b = &bed{options: o, dir: dir, stationctl: filepath.Join(dir, "stationctl")}
	if b.telegraf, err = telegraf.Build(ctx, os.Stderr); err != nil {
		return nil, err
	}
	if err := process.Run(ctx, process.Command{
		Path: "go", Args: []string{"build", "-trimpath", "-o", b.stationctl, "github.com/telegraf-station/telegraf-station/cmd/stationctl"},
		Env: []string{"CGO_ENABLED=0"},
	}); err != nil {
		return nil, err
	}
	if b.brokers, err = kafka.StartReal(ctx, kafka.Options{
		Dir: filepath.Join(dir, "kafka"), Java: []string{"-XX:TieredStopAtLevel=4", fmt.Sprintf("-Xmx%dm", o.heap)}, Log: os.Stderr,
		Properties: []string{"log.index.size.max.bytes=" + strconv.Itoa(indexSize)},
	}); err != nil {
		return nil, err
	}
	if b.watcher, err = newWatcher(b.brokers.Addresses()); err != nil {
		return nil, errors.Join(err, b.brokers.Close())
	}
	return b, nil
}

func (b *bed) close() error {
	b.watcher.close()
	return b.brokers.Close()
}

// store starts an InfluxDB for one step.
func (b *bed) store(ctx context.Context, name string) (*influxdb.Server, error) {
	return influxdb.StartV2(ctx, influxdb.Options{Dir: filepath.Join(b.dir, "influxdb-"+name)})
}

// drop stops an InfluxDB and removes its data.
func (b *bed) drop(s *influxdb.Server, name string) error {
	return errors.Join(s.Close(), os.RemoveAll(filepath.Join(b.dir, "influxdb-"+name))) //nolint:gosec // in a folder of ours
}

// stopTime is the time for a central Telegraf to leave its consumer group.
const stopTime = 30 * time.Second

// centrals are central Telegraf instances with conf/central/telegraf.conf.
type centrals []*process.Process

func (b *bed) start(all *centrals, s *influxdb.Server, count int) error {
	for range count {
		b.started++
		p, err := telegraf.Central{Brokers: b.brokers.Addresses(), URL: s.URL(), Token: s.Token(), Org: s.Organization(), Bucket: s.Bucket()}.
			Start(b.telegraf, filepath.Join(b.dir, fmt.Sprintf("central%d", b.started)))
		if err != nil {
			return err
		}
		*all = append(*all, p)
	}
	return nil
}

func (c centrals) stop() (err error) {
	for _, p := range c {
		err = errors.Join(err, p.Stop(stopTime))
	}
	return err
}

func (c centrals) pids() (pids []int) {
	for _, p := range c {
		pids = append(pids, p.PID())
	}
	return pids
}

// timeout limits each wait for central Telegraf instances and brokers.
const timeout = 5 * time.Minute

// logResult logs a result as soon as it has been measured.
func logResult(format string, args ...any) {
	log.Printf(format, args...) //nolint:gosec // numbers
}

// await polls done until it returns true, and returns how long that took.
func await(ctx context.Context, what string, done func(context.Context) (bool, error)) (time.Duration, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var last error
	for {
		ok, err := done(ctx)
		if err == nil && ok {
			return time.Since(began), nil
		}
		if err != nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return time.Since(began), fmt.Errorf("timeout after %[2]s until %[1]s: %[3]w", what, timeout, errors.Join(ctx.Err(), last))
		case <-time.After(100 * time.Millisecond):
		}
	}
}
