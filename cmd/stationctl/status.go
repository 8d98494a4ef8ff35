package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/status"
)

// statusFlags are the flags of status.
type statusFlags struct {
	kafka          kafkaFlags
	status.Options // without brokers and config
	sort           string
	watch, timeout time.Duration
	json           bool
}

func newStatus() *cobra.Command {
	var f statusFlags
	command := &cobra.Command{
		Use:   "status",
		Short: "Show the state of all sites",
		Long: `Show the state of each site, based on Kafka alone: the age of the last reading,
the reading rate, the status of the devices (good, sensing error, or silent),
the consumer lag, and the number of lost readings and parked records.

Lag is the number of records that the central Telegraf's consumer group has not
read yet ("all" if it has never read the topic). Lost readings and devices are
determined from the last 100 records of each partition; to check all records,
use stationctl audit. The number of parked records is reported by the agents in
these records; "-" means that there is no report.

The exit code is 1 if a site has a problem:

    - a device has no reading for --silent-after or longer, or its board is
      silent (status 2)
    - a device's clock is ahead
    - readings are lost, or records are parked or unreadable
    - the lag is above --max-lag
    - the topic cannot be read

status changes nothing. Log in as an administrator, or as a user that can READ the
topics and DESCRIBE the group.`,
		Example: `  stationctl status --brokers kafka-1:9092,kafka-2:9092
  stationctl status --brokers kafka-1:9092 --watch
  stationctl status --brokers kafka-1:9092 --watch=30s --site 'JNU_*_rasp'
  stationctl status --brokers kafka-1:9092 --site JNU --silent-after 1h --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unexpected argument %q; select a site with --site JNU, and set an interval with --watch=10s", args[0])
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return f.run(command.Context(), command.OutOrStdout())
		},
	}
	f.add(command)
	return command
}

func (f *statusFlags) add(command *cobra.Command) {
	flags := command.Flags()
	f.kafka.add(flags)
	flags.StringVar(&f.Site, "site", "", "only this site, e.g. JNU, or topics that match a `PATTERN` such as 'JNU_*_rasp'")
	flags.StringVar(&f.Group, "group", "telegraf-station", "consumer group `NAME` of the central Telegraf")
	flags.DurationVar(&f.SilentAfter, "silent-after", 5*time.Minute, "age of its last reading above which a device counts as silent")
	flags.Int64Var(&f.MaxLag, "max-lag", 1000, "lag above which a site has a problem")
	flags.StringVar(&f.sort, "sort", "troubles", "sort `ORDER`: troubles (problems first) or name")
	flags.DurationVar(&f.watch, "watch", 0, "repeat every `INTERVAL`")
	flags.Lookup("watch").NoOptDefVal = "5s"
	flags.DurationVar(&f.timeout, "timeout", time.Minute, "time limit of one update")
	flags.BoolVar(&f.json, "json", false, "print JSON")
}

func (f *statusFlags) check() error {
	var err error
	if f.Brokers, err = kafka.Parse(f.kafka.brokers); err != nil {
		return fmt.Errorf("flag --brokers: %w", err)
	}
	if err := status.CheckSite(f.Site); err != nil {
		return fmt.Errorf("flag --site: %w", err)
	}
	switch {
	case f.Group == "":
		return errors.New("flag --group must not be empty; set the consumer_group of inputs.kafka_sites on the central host")
	case f.SilentAfter <= 0:
		return fmt.Errorf("flag --silent-after must be above zero, e.g. 5m (got %q)", f.SilentAfter)
	case f.MaxLag < 0:
		return fmt.Errorf("flag --max-lag must be 0 or more (got \"%d\")", f.MaxLag)
	case f.sort != "troubles" && f.sort != "name":
		return fmt.Errorf("flag --sort must be troubles or name (got %q)", f.sort)
	case f.watch != 0 && f.watch < time.Second:
		return fmt.Errorf("flag --watch must be 1s or more (got %q)", f.watch)
	case f.timeout <= 0:
		return fmt.Errorf("flag --timeout must be above zero, e.g. 1m (got %q)", f.timeout)
	}
	f.Config, err = f.kafka.config()
	return err
}

func (f *statusFlags) run(ctx context.Context, out io.Writer) error {
	if f.watch == 0 {
		return f.look(ctx, out)
	}
	return f.watching(ctx, out)
}

// look shows the sites once.
func (f *statusFlags) look(ctx context.Context, out io.Writer) error {
	report, err := f.report(ctx)
	if err != nil {
		return err
	}
	if err := f.print(report, out); err != nil {
		return err
	}
	if !report.OK() {
		return errFound
	}
	return nil
}

func (f *statusFlags) report(ctx context.Context) (*status.Report, error) {
	late := fmt.Errorf("not finished within %s; raise --timeout", f.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, late)
	defer cancel()
	report, err := status.Run(ctx, f.Options)
	if err == nil && f.sort == "troubles" {
		report.SortTroubles()
	}
	return report, err
}

func (f *statusFlags) print(report *status.Report, out io.Writer) error {
	if f.json {
		return printJSON(out, report)
	}
	return report.Write(out)
}
