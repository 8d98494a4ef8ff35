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

// statusFlags are the command's.
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
		Short: "Show how all sites are",
		Long: `Status shows for each site's topic, from Kafka alone: the age of its last reading; how many readings come in; the status of the devices by
their last readings (good, sensing error, or silent); the lag, which is how many records the central's consumer group has before it
("all" if it never read the topic); how many readings are lost; and how many the stations have parked.

It reads the last 100 records of each partition, and tells what is lost, and which devices there are, from these alone:
stationctl audit proves it of all records. What is parked comes from the agents' own report in these records; "-" if there is none.

It exits with 1 if a site is in trouble: a device without a reading for --silent-after, or whose board says nothing (status 2); a clock
that is ahead; something lost, parked or unreadable; a lag above --max-lag; a topic that cannot be read.

It changes nothing. Log in as an administrator, or as a user who may READ the topics and DESCRIBE the group.`,
		Example: `  stationctl status --brokers kafka-1:9092,kafka-2:9092
  stationctl status --brokers kafka-1:9092 --watch
  stationctl status --brokers kafka-1:9092 --watch=30s --site 'JNU_*_rasp'
  stationctl status --brokers kafka-1:9092 --site JNU --silent-after 1h --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("it takes no %q: give a site as --site JNU, and an interval as --watch=10s", args[0])
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
	flags.StringVar(&f.Site, "site", "", "only this site, e.g. JNU, or the topics of a `PATTERN` such as 'JNU_*_rasp'")
	flags.StringVar(&f.Group, "group", "telegraf-station", "the central Telegraf's consumer group")
	flags.DurationVar(&f.SilentAfter, "silent-after", 5*time.Minute, "how old a device's last reading may be")
	flags.Int64Var(&f.MaxLag, "max-lag", 1000, "how many records the group may have before it in a topic")
	flags.StringVar(&f.sort, "sort", "troubles", "what comes first: troubles, or name")
	flags.DurationVar(&f.watch, "watch", 0, "show it again and again, after `INTERVAL`")
	flags.Lookup("watch").NoOptDefVal = "5s"
	flags.DurationVar(&f.timeout, "timeout", time.Minute, "how long one look may take")
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
		return errors.New("flag --group is empty: it is the consumer_group of the central Telegraf's inputs.kafka_sites")
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
	if !report.Well() {
		return errFound
	}
	return nil
}

func (f *statusFlags) report(ctx context.Context) (*status.Report, error) {
	late := fmt.Errorf("not done within %s: see --timeout", f.timeout)
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
