package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/setup"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// legend explains the marks of a plan.
const legend = `    +  created    ~  changed    =  unchanged    !  differs, not changed`

// siteAddFlags are the flags of site add.
type siteAddFlags struct {
	siteSpecFlags
	deviceID string
}

func newSiteAdd(common *siteFlags) *cobra.Command {
	f := &siteAddFlags{siteSpecFlags: siteSpecFlags{siteFlags: common}}
	command := &cobra.Command{
		Use:   "add SITE INDEX TYPE",
		Short: "Create the topic, the user, and the ACLs of a site",
		Long: `Create everything that a new site needs in Kafka, and show what already exists:
the topic SITE_INDEX_TYPE, a SCRAM-SHA-512 user with a random password, and ACLs
that allow this user to WRITE and DESCRIBE this topic only. With --influx-url,
also create the bucket and the database for v1 queries (DBRP) if they are
missing. A second run changes nothing; if a run is interrupted, repeat it.

The credentials are written to the file given by --credentials, as
KAFKA_USERNAME= and KAFKA_PASSWORD=. Add these lines to
/etc/default/telegraf-station on the Pi. The password is shown nowhere else and
cannot be retrieved from Kafka. A new file is readable only by you. An existing
file keeps its owner, and keeps its mode unless other users can read it.

With --configuration, the Pi's telegraf.conf is written as well. With --tls-ca,
copy that file to ` + stationCA + ` on the Pi.

Settings of an existing topic are changed only if no records are lost by the
change. Differences that are left as they are start with "!", and the exit code
is 1.

` + legend,
		Example: `  stationctl site add JNU 1 rasp --brokers kafka-1:9093,kafka-2:9093 \
    --tls-ca kafka-ca.pem --sasl-mechanism SCRAM-SHA-512 \
    --sasl-username admin --sasl-password-file admin.password \
    --credentials JNU_1_rasp.env --configuration JNU_1_rasp.conf
  stationctl site add JNU 1 rasp --brokers kafka-1:9092 \
    --credentials JNU_1_rasp.env --dry-run
  stationctl site add JNU 1 rasp --brokers kafka-1:9092 \
    --credentials JNU_1_rasp.env --influx-url http://localhost:8086 \
    --influx-token-file token
  stationctl site add JNU 1 rasp --brokers localhost:9092 \
    --replication-factor 1 --no-user`,
		Args: siteArgs,
		RunE: func(command *cobra.Command, args []string) error { return f.run(command, args) },
	}
	f.addFlags(command.Flags())
	return command
}

// stationCA is the CA file of the broker certificates in the shipped configuration.
const stationCA = installed.KafkaCA

func siteArgs(_ *cobra.Command, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("SITE INDEX TYPE is required, e.g. JNU 1 rasp (got %q)", strings.Join(args, " "))
	}
	return nil
}

func (f *siteAddFlags) addFlags(flags *pflag.FlagSet) {
	f.siteSpecFlags.addFlags(flags)
	flags.StringVar(&f.options.User, "user", "", "Kafka user `NAME` of the station (default: the topic name)")
	flags.StringVar(&f.options.Credentials, "credentials", "", "write the user name and password to `FILE`")
	flags.StringVar(&f.options.Configuration, "configuration", "", "write the Pi's telegraf.conf to `FILE`; an existing file is edited")
	flags.StringVar(&f.deviceID, "device-id", "", "device_id `NAME` in the Pi's telegraf.conf (default: SITE-INDEX-TYPE)")
}

func (f *siteAddFlags) run(command *cobra.Command, args []string) error {
	var err error
	if f.options.Name, err = site.NewName(args[0], args[1], args[2]); err != nil {
		return err
	}
	if err := needs(command.Flags(), "configuration", "device-id", "port", "station-brokers"); err != nil {
		return err
	}
	if f.options.NoUser && (f.options.User != "" || f.options.Credentials != "") {
		return errors.New("--no-user cannot be combined with --user or --credentials")
	}
	if err := f.read(command.Flags()); err != nil {
		return err
	}
	defer f.close()
	f.options.Influx, f.options.Answers = f.influx, f.answers(f.options)
	if f.deviceID != "" {
		f.options.Answers[setup.DeviceID] = f.deviceID
	}
	return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
		plan, err := cluster.PlanAdd(ctx, f.options)
		if err != nil {
			return err
		}
		if f.dryRun {
			return f.show(plan, command.OutOrStdout())
		}
		return f.apply(ctx, plan, command.OutOrStdout())
	})
}
