// Package simulate drives many stations in one process, to find out what a Kafka cluster bears: each site is an outputs.kafka_site as its
// station's Telegraf has it, with its own client, and its stations are devices of it.
//
// run.go begins and ends the sites (site.go), whose readings are those of reading.go, and sums up what they cost (usage.go) and what went
// wrong (journal.go).
package simulate

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/influxdata/telegraf/plugins/common/kafka"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// kind is the TYPE of all simulated sites, so that none of them is taken for a real one.
const kind = "sim"

// MaxStations bounds the memory that their names and states take.
const MaxStations = 1_000_000

// Options describe the stations.
type Options struct {
	Brokers []string
	// Kafka is how each station reaches them.
	Kafka kafka.Config
	// Stations are spread over the Sites, which are named Prefix1 and so on.
	Stations, Sites int
	Prefix          string
	// Interval lies between two readings of a station; 0: as fast as they are acknowledged.
	Interval time.Duration
	// Records and Duration end it; 0: nothing but the context does.
	Records  int64
	Duration time.Duration
	// Outbox is the folder of the sites' outboxes; empty: readings wait in memory.
	Outbox string
	// Replication is the topics'.
	Replication int16
}

// Check refuses what cannot be simulated; the texts name the command's flags.
func (o Options) Check() error {
	switch {
	case o.Sites < 1 || o.Sites > site.MaxSites:
		return fmt.Errorf("flag --sites must be between 1 and %d (got %q)", site.MaxSites, strconv.Itoa(o.Sites))
	case o.Stations < o.Sites || o.Stations > MaxStations:
		return fmt.Errorf("flag --stations must be between --sites (%d) and %d: each site has one at least (got %q)", o.Sites, MaxStations, strconv.Itoa(o.Stations))
	case o.Interval != 0 && o.Interval < time.Millisecond:
		return fmt.Errorf("flag --interval must be 1ms or more, or 0 for full speed (got %q)", o.Interval)
	case o.Records < 0:
		return fmt.Errorf("flag --records must be 0 (no bound) or more (got %q)", strconv.FormatInt(o.Records, 10))
	case o.Duration < 0:
		return fmt.Errorf("flag --duration must be 0 (no bound) or more (got %q)", o.Duration)
	case o.Interval == 0 && o.Records == 0 && o.Duration == 0:
		return fmt.Errorf("flag --interval=0 is full speed, which fills the brokers' disks: give --records or --duration, too")
	case o.Replication < 1:
		return fmt.Errorf("flag --replication-factor must be 1 or more, at most the number of brokers (got %q)", strconv.Itoa(int(o.Replication)))
	case o.Outbox != "" && !filepath.IsAbs(o.Outbox):
		return fmt.Errorf("flag --outbox must be an absolute path (got %q)", o.Outbox)
	}
	if _, err := o.name(o.Sites - 1); err != nil {
		return fmt.Errorf("flag --prefix: %w", err)
	}
	return checkFiles(o)
}

// name is the i-th site's, from 0.
func (o Options) name(i int) (site.Name, error) {
	return site.NewName(o.Prefix+strconv.Itoa(i+1), "1", kind)
}

// Names are those of all sites.
func (o Options) Names() ([]site.Name, error) {
	names := make([]site.Name, o.Sites)
	for i := range names {
		var err error
		if names[i], err = o.name(i); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// Topics are what the sites need in Kafka.
func (o Options) Topics() ([]site.AddOptions, error) {
	names, err := o.Names()
	all := make([]site.AddOptions, len(names))
	for i, name := range names {
		all[i] = site.AddOptions{Name: name, Topic: site.TopicOptions{Partitions: 1, Replication: o.Replication}, NoUser: true}
	}
	return all, err
}

// devices is how many stations the i-th site has: the first sites have those that do not go round.
func (o Options) devices(i int) int {
	count := o.Stations / o.Sites
	if i < o.Stations%o.Sites {
		count++
	}
	return count
}
