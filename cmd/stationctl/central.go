package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// centralFlags are those of all central Telegraf commands.
type centralFlags struct {
	*siteFlags
	options     site.CentralOptions
	dryRun, yes bool
}

func newCentral() *cobra.Command {
	f := &centralFlags{siteFlags: &siteFlags{}}
	command := &cobra.Command{
		Use:   "central",
		Short: "Add and remove the user of the central Telegraf instances, and change its password",
		Long: `Central looks after the user that the central Telegrafs log in to Kafka with: it may READ every topic but Kafka's own, and their
consumer group, and nothing else. Its commands log in as an administrator, and run again without harm.`,
		Example: `  stationctl central add --brokers kafka-1:9093 --tls-ca ca.pem --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --credentials central.env
  stationctl central rotate-credentials --brokers kafka-1:9093 --credentials central.env`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("say what to do: add, remove or rotate-credentials; see stationctl central --help")
		},
	}
	flags := command.PersistentFlags()
	f.add(flags)
	flags.StringVar(&f.options.User, "user", "central", "the central Telegraf instances' user")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be done, and change nothing")
	command.AddCommand(f.newAdd(), f.newRemove(), f.newRotate())
	return command
}

const groupUsage = "the consumer_group of the central Telegraf instances' configuration"

func (f *centralFlags) newAdd() *cobra.Command {
	command := &cobra.Command{
		Use:   "add",
		Short: "Make the central Telegraf instances' user and rights",
		Long: `Add makes the user, with a random password and its ACLs, and says what was there already. The password is written to the file of
--credentials as KAFKA_USERNAME= and KAFKA_PASSWORD=, the variables of conf/central/telegraf.conf, and is shown nowhere else.`,
		Example: "  stationctl central add --brokers kafka-1:9093 --tls-ca ca.pem --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --credentials central.env",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return f.run(command, func(ctx context.Context, c *site.Cluster) (*site.Plan, error) {
				return c.PlanAddCentral(ctx, f.options)
			})
		},
	}
	command.Flags().StringVar(&f.options.Group, "group", "telegraf-station", groupUsage)
	command.Flags().StringVar(&f.options.Credentials, "credentials", "", "`FILE` that gets the user's name and password")
	return command
}

func (f *centralFlags) newRotate() *cobra.Command {
	command := &cobra.Command{
		Use:     "rotate-credentials",
		Short:   "Give the central Telegraf instances' user a new password",
		Long:    "Rotate-credentials writes a new password to the file of --credentials, and gives it to Kafka. Then restart the central Telegraf instances with it.",
		Example: "  stationctl central rotate-credentials --brokers kafka-1:9093 --credentials central.env",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if f.options.Credentials == "" {
				return errors.New("give --credentials FILE: the new password is written there, and shown nowhere else")
			}
			return f.run(command, func(ctx context.Context, c *site.Cluster) (*site.Plan, error) {
				return c.PlanRotateCentral(ctx, f.options.User, f.options.Credentials)
			})
		},
	}
	command.Flags().StringVar(&f.options.Credentials, "credentials", "", "`FILE` that gets the user's name and new password")
	return command
}

func (f *centralFlags) newRemove() *cobra.Command {
	command := &cobra.Command{
		Use:     "remove",
		Short:   "Remove the central Telegraf instances' user and rights",
		Long:    "Remove takes away the user and its ACLs: nobody reads the sites with them any more. It shows what it will do, and asks.",
		Example: "  stationctl central remove --brokers kafka-1:9093",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return f.run(command, func(ctx context.Context, c *site.Cluster) (*site.Plan, error) {
				plan, err := c.PlanRemoveCentral(ctx, f.options)
				if err == nil && !f.dryRun && !f.yes && plan.Changes() > 0 {
					err = confirm(ctx, plan, command.InOrStdin(), command.ErrOrStderr())
				}
				return plan, err
			})
		},
	}
	command.Flags().StringVar(&f.options.Group, "group", "telegraf-station", groupUsage)
	command.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	return command
}

// run applies a plan, unless it is only to be shown.
func (f *centralFlags) run(command *cobra.Command, plan func(context.Context, *site.Cluster) (*site.Plan, error)) error {
	return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
		p, err := plan(ctx, cluster)
		if err != nil {
			return err
		}
		if f.dryRun {
			return f.show(p, command.OutOrStdout())
		}
		return f.apply(ctx, p, command.OutOrStdout())
	})
}

// formerCentral returns the command under the name that it had before, which help does not show.
func formerCentral() *cobra.Command {
	command := newCentral()
	command.Use, command.Hidden = "centre", true
	return command
}
