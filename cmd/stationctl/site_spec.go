package main

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/setup"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// siteSpecFlags describe a new site, for the commands that create one or many.
type siteSpecFlags struct {
	*siteFlags
	options                               site.AddOptions
	influx                                *site.Influx
	retention                             string
	url, org, bucket, database, tokenFile string
	port, stationBrokers                  string
	dryRun                                bool
}

func (f *siteSpecFlags) addFlags(flags *pflag.FlagSet) {
	flags.Int32Var(&f.options.Topic.Partitions, "partitions", 1, "number of topic partitions; with 1, all records stay in order")
	flags.Int16Var(&f.options.Topic.Replication, "replication-factor", 3, "number of brokers that keep a copy of the topic")
	flags.StringVar(&f.retention, "retention", "", "how long Kafka keeps records, e.g. 30d, 12h, or forever (default: set by the brokers)")
	flags.IntVar(&f.options.Topic.MaxMessage, "max-message-bytes", 0, "maximum size of a record batch (default: set by the brokers)")
	flags.BoolVar(&f.options.NoUser, "no-user", false, "create no user and no ACLs, for a Kafka cluster without authentication")
	flags.StringVar(&f.port, "port", "/dev/ttyACM0", "serial `PORT` in the Pi's telegraf.conf")
	flags.StringVar(&f.stationBrokers, "station-brokers", "", "brokers in the Pi's telegraf.conf (default: same as --brokers)")
	flags.StringVar(&f.url, "influx-url", "", "`URL` of the InfluxDB 2 that stores the points, e.g. http://localhost:8086")
	flags.StringVar(&f.org, "influx-org", "station", "InfluxDB organization")
	flags.StringVar(&f.bucket, "influx-bucket", "station", "InfluxDB bucket")
	flags.StringVar(&f.database, "influx-database", "station", "database for v1 queries")
	flags.StringVar(&f.tokenFile, "influx-token-file", "", "`FILE` with a token that can create buckets and mappings (default: $INFLUX_TOKEN)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the planned changes without applying them")
}

// needs rejects a flag that has no effect without another.
func needs(flags *pflag.FlagSet, needed string, names ...string) error {
	for _, name := range names {
		if flags.Changed(name) && !flags.Changed(needed) {
			return fmt.Errorf("flag --%s requires --%s", name, needed)
		}
	}
	return nil
}

// read rejects flags without effect, and numbers that Kafka treats as its defaults. Call close afterwards.
func (f *siteSpecFlags) read(flags *pflag.FlagSet) error {
	if err := needs(flags, "influx-url", "influx-org", "influx-bucket", "influx-database", "influx-token-file"); err != nil {
		return err
	}
	if n := f.options.Topic.Partitions; n < 1 {
		return fmt.Errorf("flag --partitions must be 1 or more (got \"%d\")", n)
	}
	if n := f.options.Topic.Replication; n < 1 {
		return fmt.Errorf("flag --replication-factor must be 1 or more (got \"%d\")", n)
	}
	if n := f.options.Topic.MaxMessage; n < 0 || n > math.MaxInt32 || n == 0 && flags.Changed("max-message-bytes") {
		return fmt.Errorf("flag --max-message-bytes must be above zero, e.g. 1048576 (got \"%d\")", n)
	}
	if f.retention != "" {
		var err error
		if f.options.Topic.Retention, err = site.ParseRetention(f.retention); err != nil {
			return fmt.Errorf("flag --retention %w", err)
		}
	}
	if f.url != "" {
		return f.openInflux()
	}
	return nil
}

func (f *siteSpecFlags) close() {
	if f.influx != nil {
		f.influx.Close()
	}
}

func (f *siteSpecFlags) openInflux() error {
	if address, err := url.Parse(f.url); err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return fmt.Errorf("flag --influx-url must be a URL, e.g. http://localhost:8086 (got %q)", f.url)
	}
	token, err := secret(f.tokenFile, "INFLUX_TOKEN")
	if err != nil {
		return fmt.Errorf("flag --influx-token-file: %w", err)
	}
	if token == "" {
		return errors.New("--influx-url requires a token; set --influx-token-file or INFLUX_TOKEN")
	}
	f.influx = site.NewInflux(f.url, token, f.org, f.bucket, f.database)
	return nil
}

// answers returns the values in the Pi's telegraf.conf.
func (f *siteSpecFlags) answers(options site.AddOptions) setup.Values {
	name := options.Name
	values := setup.Values{
		setup.Site: name.Site, setup.Index: name.Index, setup.Type: name.Type, setup.Port: f.port,
		setup.DeviceID: strings.ReplaceAll(name.Topic(), "_", "-"),
		setup.Brokers:  f.stationBrokers, setup.Replication: strconv.Itoa(int(options.Topic.Replication)),
		setup.Mechanism: "SCRAM-SHA-512", setup.TLSCA: setup.None,
	}
	if options.NoUser {
		values[setup.Mechanism] = setup.None
	}
	if f.stationBrokers == "" {
		values[setup.Brokers] = strings.Join(f.kafka.brokers, ",")
	}
	switch {
	case f.kafka.ca != "":
		values[setup.TLSCA] = stationCA
	case f.kafka.tls:
		values[setup.TLSCA] = setup.SystemCA
	}
	return values
}
