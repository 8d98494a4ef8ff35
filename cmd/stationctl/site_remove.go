package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

func newSiteRemove(f *siteFlags) *cobra.Command {
	var user string
	var records, yes, dryRun bool
	command := &cobra.Command{
		Use:   "remove TOPIC",
		Short: "Remove a site's user and rights",
		Long: `Remove takes away the site's user and ACLs: its station, or who stole it, writes nothing more, even over a connection that is open.
The topic and its records stay, unless --with-records is given. It shows what it will do, and asks.`,
		Example: `  stationctl site remove JNU_1_rasp --brokers kafka-1:9092
  stationctl site remove JNU_1_rasp --brokers kafka-1:9092 --with-records --yes`,
		Args: topicArg,
		RunE: func(command *cobra.Command, args []string) error {
			name, err := site.ParseName(args[0])
			if err != nil {
				return err
			}
			return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
				plan, err := cluster.PlanRemove(ctx, name, user, records)
				switch {
				case err != nil:
					return err
				case dryRun:
					return f.show(plan, command.OutOrStdout())
				case !yes && plan.Changes() > 0:
					if err := confirm(ctx, plan, command.InOrStdin(), command.ErrOrStderr()); err != nil {
						return err
					}
				}
				return f.apply(ctx, plan, command.OutOrStdout())
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&user, "user", "", "the site's user (default: the one who may write the topic)")
	flags.BoolVar(&records, "with-records", false, "remove the topic too, with all its records")
	flags.BoolVar(&yes, "yes", false, "do not ask")
	flags.BoolVar(&dryRun, "dry-run", false, "print what would be done, and change nothing")
	return command
}

func newSiteRotate(f *siteFlags) *cobra.Command {
	var user, credentials string
	var dryRun bool
	command := &cobra.Command{
		Use:   "rotate-credentials TOPIC",
		Short: "Give a site's user a new password",
		Long: `Rotate-credentials gives the site's user a new password, in the file of --credentials and then in Kafka. From then on the old one is
refused. A station that is connected goes on until its connection ends, or until the brokers ask again (their setting
connections.max.reauth.ms, which is not set by itself: an hour in the shipped example). Then its readings wait in its outbox until it
has the new password: put its lines into /etc/default/telegraf-station on the Pi, and restart the service. No reading is lost by it.`,
		Example: "  stationctl site rotate-credentials JNU_1_rasp --brokers kafka-1:9092 --credentials JNU_1_rasp.env",
		Args:    topicArg,
		RunE: func(command *cobra.Command, args []string) error {
			name, err := site.ParseName(args[0])
			if err != nil {
				return err
			}
			if credentials == "" {
				return errors.New("give --credentials FILE: the new password is written there, and shown nowhere else")
			}
			return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
				plan, err := cluster.PlanRotate(ctx, name, user, credentials)
				if err != nil {
					return err
				}
				if dryRun {
					return f.show(plan, command.OutOrStdout())
				}
				return f.apply(ctx, plan, command.OutOrStdout())
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&user, "user", "", "the site's user (default: the one who may write the topic)")
	flags.StringVar(&credentials, "credentials", "", "`FILE` that gets the user's name and new password")
	flags.BoolVar(&dryRun, "dry-run", false, "print what would be done, and change nothing")
	return command
}
