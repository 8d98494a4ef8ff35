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

// siteAddFlags are the command's own.
type siteAddFlags struct {
	newSiteFlags
	deviceID string
}

func newSiteAdd(common *siteFlags) *cobra.Command {
	f := &siteAddFlags{newSiteFlags: newSiteFlags{siteFlags: common}}
	command := &cobra.Command{
		Use:   "add SITE INDEX TYPE",
		Short: "Make a site's topic, user and rights",
		Long: `Add makes what a new site needs, and says what was there already: the topic SITE_INDEX_TYPE, a SCRAM-SHA-512 user with a random
password, and ACLs by which this user may WRITE and DESCRIBE this topic only. With --influx-url it also makes the bucket and the
database for v1 queries (DBRP) if they are missing. Run again it changes nothing; killed in the middle, run it again.

The password is written to the file of --credentials (a new one only you may read; one that is there keeps its owner, and its mode if others
cannot read it), as KAFKA_USERNAME= and KAFKA_PASSWORD=: add these lines to
/etc/default/telegraf-station on the Pi. It is shown nowhere else, and Kafka does not tell it again. With --configuration it also writes
the Pi's telegraf.conf. With --tls-ca, copy that file to ` + stationCA + ` on the Pi.

Settings of an existing topic are changed only if no record is lost by it. What begins with "!" is otherwise than wanted and stays so;
the exit code is 1 then.

  +  is made     ~  is changed     =  is so already     !  stays otherwise: see the text`,
		Example: `  stationctl site add JNU 1 rasp --brokers kafka-1:9093,kafka-2:9093 --tls-ca kafka-ca.pem --sasl-mechanism SCRAM-SHA-512 --sasl-username admin \
    --sasl-password-file admin.password --credentials JNU_1_rasp.env --configuration JNU_1_rasp.conf
  stationctl site add JNU 1 rasp --brokers kafka-1:9092 --credentials JNU_1_rasp.env --dry-run
  stationctl site add JNU 1 rasp --brokers kafka-1:9092 --credentials JNU_1_rasp.env --influx-url http://localhost:8086 --influx-token-file token
  stationctl site add JNU 1 rasp --brokers localhost:9092 --replication-factor 1 --no-user`,
		Args: siteArgs,
		RunE: func(command *cobra.Command, args []string) error { return f.run(command, args) },
	}
	f.addFlags(command.Flags())
	return command
}

// stationCA is where the shipped configuration has the authority of the brokers' certificates.
const stationCA = installed.KafkaCA

func siteArgs(_ *cobra.Command, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("give SITE INDEX TYPE, e.g. JNU 1 rasp (got %q)", strings.Join(args, " "))
	}
	return nil
}

func (f *siteAddFlags) addFlags(flags *pflag.FlagSet) {
	f.newSiteFlags.addFlags(flags)
	flags.StringVar(&f.options.User, "user", "", "the station's user (default: named as the topic)")
	flags.StringVar(&f.options.Credentials, "credentials", "", "`FILE` that gets the user's name and password")
	flags.StringVar(&f.options.Configuration, "configuration", "", "`FILE` that gets the Pi's telegraf.conf; one that is there is edited")
	flags.StringVar(&f.deviceID, "device-id", "", "in the configuration: the station's name (default: SITE-INDEX-TYPE)")
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
		return errors.New("flag --no-user goes with neither --user nor --credentials")
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
