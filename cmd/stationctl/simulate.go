package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/simulate"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// simulateFlags are the command's.
type simulateFlags struct {
	siteFlags // without --timeout, which is for the topics
	options   simulate.Options
	delete    bool
}

func newSimulate() *cobra.Command {
	f := &simulateFlags{}
	command := &cobra.Command{
		Use:   "simulate",
		Short: "Write the readings of thousands of simulated stations, to find out what a cluster bears",
		Long: `Simulate makes the topics SIM1_1_sim, SIM2_1_sim and so on, and writes readings of the schema "environment" into them as stations would:
each site is an outputs.kafka_site of its own, with its own connections, and its stations are devices of it. Each second it shows how many
readings were written and acknowledged, and in the end what it took: memory, CPU, goroutines and connections are this process's, which all
sites share. Beside it, look at the brokers, and at the centrals: they take the simulated sites for real ones, and write them to InfluxDB.

It ends after --records or --duration, or with Ctrl-C; then it waits up to 30 seconds for what is not acknowledged. Log in as an
administrator, who may make topics. The topics, and the outboxes of --outbox, stay unless --delete-topics is given; to remove them later,
give the same --sites and --prefix with --stations as many, --records 1 and --delete-topics.

It exits with 1 if not all readings were acknowledged, or the plugins logged an error or a warning; alike ones are shown once, and counted.`,
		Example: `  stationctl simulate --brokers kafka-1:9092 --stations 100 --sites 10 --duration 1m --delete-topics
  stationctl simulate --brokers kafka-1:9092,kafka-2:9092 --stations 10000 --sites 1000
  stationctl simulate --brokers kafka-1:9092 --sites 100 --stations 1000 --interval 0 --records 1000000 --json
  stationctl simulate --brokers kafka-1:9092 --outbox /var/tmp/simulated --duration 10m`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return f.run(command)
		},
	}
	f.add(command)
	return command
}

func (f *simulateFlags) add(command *cobra.Command) {
	flags, o := command.Flags(), &f.options
	f.kafka.add(flags)
	flags.IntVar(&o.Stations, "stations", 10_000, "how many stations")
	flags.IntVar(&o.Sites, "sites", 1000, "how many sites they are spread over")
	flags.StringVar(&o.Prefix, "prefix", "SIM", "what the sites' names begin with")
	flags.DurationVar(&o.Interval, "interval", time.Second, "time between two readings of a station; 0: full speed")
	flags.Int64Var(&o.Records, "records", 0, "readings in all (default: no bound)")
	flags.DurationVar(&o.Duration, "duration", 0, "how long readings are made, once all sites are connected (default: until Ctrl-C)")
	flags.StringVar(&o.Outbox, "outbox", "", "`FOLDER` for a durable outbox of each site (default: readings wait in memory)")
	flags.Int16Var(&o.Replication, "replication-factor", 3, "of the topics")
	flags.BoolVar(&f.delete, "delete-topics", false, "in the end remove the topics, with all their records, and the outboxes")
	flags.DurationVar(&f.timeout, "timeout", planTimeout, "how long it may take to make the topics, and to remove them")
	flags.BoolVar(&f.json, "json", false, "print the summary as JSON")
}

func (f *simulateFlags) check() error {
	var err error
	if f.options.Brokers, err = kafka.Parse(f.kafka.brokers); err != nil {
		return fmt.Errorf("flag --brokers: %w", err)
	}
	if f.options.Outbox != "" {
		if f.options.Outbox, err = filepath.Abs(f.options.Outbox); err != nil {
			return fmt.Errorf("flag --outbox: %w", err)
		}
	}
	if err := f.options.Check(); err != nil {
		return err
	}
	f.options.Kafka, err = f.kafka.common()
	return err
}

func (f *simulateFlags) run(command *cobra.Command) error {
	if err := f.makeTopics(command); err != nil {
		return err
	}
	show := newSimulateProgress(command.ErrOrStderr())
	summary, err := simulate.Run(command.Context(), f.options, show.tell)
	show.end()
	if err == nil {
		err = f.print(command.OutOrStdout(), summary)
	}
	if f.delete {
		err = errors.Join(err, f.remove(command))
	}
	if err == nil && !summary.Well() {
		return errFound
	}
	return err
}

func (f *simulateFlags) makeTopics(command *cobra.Command) error {
	topics, err := f.options.Topics()
	if err != nil {
		return err
	}
	return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
		fleet, err := cluster.PlanFleet(ctx, topics, nil)
		if err != nil || fleet.Changes() == 0 {
			return err
		}
		progress := newProgress(command.ErrOrStderr(), fleet)
		return errors.Join(fleet.Apply(ctx, progress.made), progress.end())
	})
}

// remove goes on after Ctrl-C.
func (f *simulateFlags) remove(command *cobra.Command) error {
	names, err := f.options.Names()
	if err != nil {
		return err
	}
	command.SetContext(context.WithoutCancel(command.Context()))
	return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
		count, err := cluster.DeleteTopics(ctx, names)
		fmt.Fprintf(command.ErrOrStderr(), "%d topic(s) removed\n", count) //nolint:errcheck // the work is done
		for _, name := range names {
			if f.options.Outbox != "" && err == nil {
				err = os.RemoveAll(filepath.Join(f.options.Outbox, name.Topic()))
			}
		}
		return err
	})
}
