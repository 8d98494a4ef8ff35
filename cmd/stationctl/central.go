package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// centralFlags are the flags of all central commands.
type centralFlags struct {
	*siteFlags
	options     site.CentralOptions
	dryRun, yes bool
}

func newCentral() *cobra.Command {
	f := &centralFlags{siteFlags: &siteFlags{}}
	command := &cobra.Command{
		Use:   "central",
		Short: "Manage the Kafka user of the central Telegraf",
		Long: `Manage the Kafka user of the central Telegraf: it can READ every topic except
Kafka's internal topics, and use its consumer group, and nothing else.

Log in as an administrator. All commands can be repeated safely.`,
		Example: `  stationctl central add --brokers kafka-1:9093 --tls-ca ca.pem --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --credentials central.env
  stationctl central rotate-credentials --brokers kafka-1:9093 --credentials central.env`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New(`a subcommand is required: add, remove, or rotate-credentials; see "stationctl central --help"`)
		},
	}
	flags := command.PersistentFlags()
	f.add(flags)
	flags.StringVar(&f.options.User, "user", "central", "Kafka user `NAME` of the central Telegraf")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the planned changes without applying them")
	command.AddCommand(f.newAdd(), f.newRemove(), f.newRotate())
	return command
}

const groupUsage = "consumer_group `NAME` in the configuration of the central Telegraf"

func (f *centralFlags) newAdd() *cobra.Command {
	command := &cobra.Command{
		Use:   "add",
		Short: "Create the user and the ACLs of the central Telegraf",
		Long: `Create the user, with a random password, and its ACLs, and show what already
exists. The credentials are written to the file given by --credentials, as
KAFKA_USERNAME= and KAFKA_PASSWORD=, the variables in conf/central/telegraf.conf.
The password is shown nowhere else.`,
		Example: "  stationctl central add --brokers kafka-1:9093 --tls-ca ca.pem --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --credentials central.env",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return f.run(command, func(ctx context.Context, c *site.Cluster) (*site.Plan, error) {
				return c.PlanAddCentral(ctx, f.options)
			})
		},
	}
	command.Flags().StringVar(&f.options.Group, "group", "telegraf-station", groupUsage)
	command.Flags().StringVar(&f.options.Credentials, "credentials", "", "write the user name and password to `FILE`")
	return command
}

func (f *centralFlags) newRotate() *cobra.Command {
	command := &cobra.Command{
		Use:     "rotate-credentials",
		Short:   "Set a new password for the user of the central Telegraf",
		Long:    "Set a new password, in the file given by --credentials and then in Kafka. Then\nrestart the central Telegraf instances with it.",
		Example: "  stationctl central rotate-credentials --brokers kafka-1:9093 --credentials central.env",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if f.options.Credentials == "" {
				return errors.New("--credentials FILE is required: the new password is written to it and shown nowhere else")
			}
			return f.run(command, func(ctx context.Context, c *site.Cluster) (*site.Plan, error) {
				return c.PlanRotateCentral(ctx, f.options.User, f.options.Credentials)
			})
		},
	}
	command.Flags().StringVar(&f.options.Credentials, "credentials", "", "write the user name and the new password to `FILE`")
	return command
}

func (f *centralFlags) newRemove() *cobra.Command {
	command := &cobra.Command{
		Use:     "remove",
		Short:   "Remove the user and the ACLs of the central Telegraf",
		Long:    "Remove the user and its ACLs, so that the central Telegraf instances can no\nlonger read the sites. The changes are shown first, and applied if you confirm.",
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
	command.Flags().BoolVar(&f.yes, "yes", false, "apply the changes without asking")
	return command
}

// run applies a plan, or only shows it with --dry-run.
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
