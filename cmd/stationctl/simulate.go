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

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	siteFlags // its --timeout is for the topics
	options   simulate.Options
	delete    bool
}

func newSimulate() *cobra.Command {
	f := &simulateFlags{}
	command := &cobra.Command{
		Use:   "simulate",
		Short: "Load-test a Kafka cluster with simulated stations",
		Long: `Create the topics SIM1_1_sim, SIM2_1_sim, and so on, and write readings of the
schema "environment" to them as stations do: each site is an outputs.kafka_site
with its own connections, and its stations are its devices. Each second, simulate
shows how many readings were written and acknowledged. The summary shows the
memory, CPU time, goroutines, and connections of this process, which all sites
share. Also monitor the brokers and the central Telegraf instances, which write
the simulated sites to InfluxDB like real ones.

It stops after --records or --duration, or with Ctrl-C, and then waits up to 30
seconds for pending records. Log in as an administrator who is authorized to
create topics. The topics, and the outboxes in --outbox, are kept unless
--delete-topics is set. To delete them later, use the same --sites and --prefix,
the same number of --stations, --records 1, and --delete-topics.

The exit code is 1 if not all readings were acknowledged, or if the plugins
logged errors or warnings; similar messages are shown once, with a count.`,
		Example: `  stationctl simulate --brokers kafka-1:9092 --stations 100 --sites 10 \
    --duration 1m --delete-topics
  stationctl simulate --brokers kafka-1:9092,kafka-2:9092 --stations 10000 \
    --sites 1000
  stationctl simulate --brokers kafka-1:9092 --sites 100 --stations 1000 \
    --interval 0 --records 1000000 --json
  stationctl simulate --brokers kafka-1:9092 --outbox /var/tmp/simulated \
    --duration 10m`,
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
	flags.IntVar(&o.Stations, "stations", 10_000, "number of stations")
	flags.IntVar(&o.Sites, "sites", 1000, "number of sites to which the stations belong")
	flags.StringVar(&o.Prefix, "prefix", "SIM", "`PREFIX` of the site names")
	flags.DurationVar(&o.Interval, "interval", time.Second, "time between two readings of a station; 0 for full speed")
	flags.Int64Var(&o.Records, "records", 0, "total number of readings (default: no limit)")
	flags.DurationVar(&o.Duration, "duration", 0, "how long to write readings after all sites are connected (default: until Ctrl-C)")
	flags.StringVar(&o.Outbox, "outbox", "", "`DIRECTORY` for the outboxes of the sites (default: pending records are in memory)")
	flags.Int16Var(&o.Replication, "replication-factor", 3, "replication factor of the topics")
	flags.BoolVar(&f.delete, "delete-topics", false, "at the end, delete the topics with all their records, and the outboxes")
	flags.DurationVar(&f.timeout, "timeout", planTimeout, "time limit for creating and deleting the topics")
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
	if err := f.createTopics(command); err != nil {
		return err
	}
	show := newSimulateProgress(command.ErrOrStderr())
	summary, err := simulate.Run(command.Context(), f.options, show.report)
	show.finish()
	if err == nil {
		err = f.print(command.OutOrStdout(), summary)
	}
	if f.delete {
		err = errors.Join(err, f.remove(command))
	}
	if err == nil && !summary.OK() {
		return errFound
	}
	return err
}

func (f *simulateFlags) createTopics(command *cobra.Command) error {
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
		return errors.Join(fleet.Apply(ctx, progress.update), progress.end())
	})
}

// remove deletes the topics and the outboxes, also after Ctrl-C.
func (f *simulateFlags) remove(command *cobra.Command) error {
	names, err := f.options.Names()
	if err != nil {
		return err
	}
	command.SetContext(context.WithoutCancel(command.Context()))
	return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
		count, err := cluster.DeleteTopics(ctx, names)
		fmt.Fprintf(command.ErrOrStderr(), "deleted topics: %d\n", count) //nolint:errcheck // the work is done
		for _, name := range names {
			if f.options.Outbox != "" && err == nil {
				err = os.RemoveAll(filepath.Join(f.options.Outbox, name.Topic()))
			}
		}
		return err
	})
}
