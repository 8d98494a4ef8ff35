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
		Short: "Remove the user and the ACLs of a site",
		Long: `Remove the user and the ACLs of a site. Its station, or a stolen one, can no
longer write, not even over an open connection. The topic and its records are
kept unless --with-records is set. The changes are shown first, and applied if
you confirm.`,
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
	flags.StringVar(&user, "user", "", "user `NAME` of the site (default: the one that can write to the topic)")
	flags.BoolVar(&records, "with-records", false, "also delete the topic with all its records")
	flags.BoolVar(&yes, "yes", false, "apply the changes without asking")
	flags.BoolVar(&dryRun, "dry-run", false, "print the planned changes without applying them")
	return command
}

func newSiteRotate(f *siteFlags) *cobra.Command {
	var user, credentials string
	var dryRun bool
	command := &cobra.Command{
		Use:   "rotate-credentials TOPIC",
		Short: "Set a new password for the user of a site",
		Long: `Set a new password for the user of a site, in the file given by --credentials
and then in Kafka, which rejects the old one from now on. A connected station
keeps writing until its connection closes or the brokers require a new login
(broker setting connections.max.reauth.ms: off by default, one hour in the
shipped example). After that, its readings stay in its outbox until it has the
new password: copy the lines of the file to /etc/default/telegraf-station on the
Pi, and restart the service. No readings are lost.`,
		Example: "  stationctl site rotate-credentials JNU_1_rasp --brokers kafka-1:9092 --credentials JNU_1_rasp.env",
		Args:    topicArg,
		RunE: func(command *cobra.Command, args []string) error {
			name, err := site.ParseName(args[0])
			if err != nil {
				return err
			}
			if credentials == "" {
				return errors.New("--credentials FILE is required: the new password is written to it and shown nowhere else")
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
	flags.StringVar(&user, "user", "", "user `NAME` of the site (default: the one that can write to the topic)")
	flags.StringVar(&credentials, "credentials", "", "write the user name and the new password to `FILE`")
	flags.BoolVar(&dryRun, "dry-run", false, "print the planned changes without applying them")
	return command
}
