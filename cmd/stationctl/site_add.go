package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/telegraf-station/telegraf-station/internal/setup"
	"github.com/telegraf-station/telegraf-station/internal/site"
)

// siteAddFlags are the command's own.
type siteAddFlags struct {
	*siteFlags
	options                               site.AddOptions
	retention                             string
	url, org, bucket, database, tokenFile string
	deviceID, port, stationBrokers        string
	dryRun                                bool
}

func newSiteAdd(common *siteFlags) *cobra.Command {
	f := &siteAddFlags{siteFlags: common}
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
const stationCA = "/etc/telegraf-station/kafka-ca.pem"

func siteArgs(_ *cobra.Command, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("give SITE INDEX TYPE, e.g. JNU 1 rasp (got %q)", strings.Join(args, " "))
	}
	return nil
}

func (f *siteAddFlags) addFlags(flags *pflag.FlagSet) {
	flags.Int32Var(&f.options.Topic.Partitions, "partitions", 1, "of the topic; one keeps all in order")
	flags.Int16Var(&f.options.Topic.Replication, "replication-factor", 3, "how many brokers keep a copy of the topic")
	flags.StringVar(&f.retention, "retention", "", "how long Kafka keeps records, e.g. 30d, 12h or forever (default: the brokers')")
	flags.IntVar(&f.options.Topic.MaxMessage, "max-message-bytes", 0, "how large a batch of records may be (default: the brokers')")
	flags.StringVar(&f.options.User, "user", "", "the station's user (default: named as the topic)")
	flags.BoolVar(&f.options.NoUser, "no-user", false, "make no user and no ACLs: for a Kafka that asks nobody who he is")
	flags.StringVar(&f.options.Credentials, "credentials", "", "`FILE` that gets the user's name and password")
	flags.StringVar(&f.options.Configuration, "configuration", "", "`FILE` that gets the Pi's telegraf.conf; one that is there is edited")
	flags.StringVar(&f.deviceID, "device-id", "", "in the configuration: the station's name (default: SITE-INDEX-TYPE)")
	flags.StringVar(&f.port, "port", "/dev/ttyACM0", "in the configuration: the Arduino's port")
	flags.StringVar(&f.stationBrokers, "station-brokers", "", "in the configuration: the brokers as the Pi finds them (default: those of --brokers)")
	flags.StringVar(&f.url, "influx-url", "", "InfluxDB 2 that gets the points, e.g. http://localhost:8086")
	flags.StringVar(&f.org, "influx-org", "station", "its organization")
	flags.StringVar(&f.bucket, "influx-bucket", "station", "its bucket")
	flags.StringVar(&f.database, "influx-database", "station", "its database for v1 queries")
	flags.StringVar(&f.tokenFile, "influx-token-file", "", "file with a token that may make buckets and mappings; without it the variable INFLUX_TOKEN")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be done, and change nothing")
}

func (f *siteAddFlags) run(command *cobra.Command, args []string) error {
	var err error
	if f.options.Name, err = site.NewName(args[0], args[1], args[2]); err != nil {
		return err
	}
	if err := f.check(command.Flags()); err != nil {
		return err
	}
	if f.options.Topic.Retention, err = parseRetention(f.retention); err != nil {
		return err
	}
	if f.url != "" {
		if err := f.openInflux(); err != nil {
			return err
		}
		defer f.options.Influx.Close()
	}
	f.options.Answers = f.answers()
	return f.with(command.Context(), func(ctx context.Context, cluster *site.Cluster) error {
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

// check refuses what would be without effect, and numbers that Kafka would take for its defaults.
func (f *siteAddFlags) check(flags *pflag.FlagSet) error {
	for name, needed := range map[string]string{
		"influx-org": "influx-url", "influx-bucket": "influx-url", "influx-database": "influx-url", "influx-token-file": "influx-url",
		"device-id": "configuration", "port": "configuration", "station-brokers": "configuration",
	} {
		if flags.Changed(name) && !flags.Changed(needed) {
			return fmt.Errorf("flag --%s is without effect: give --%s too", name, needed)
		}
	}
	if f.options.NoUser && (f.options.User != "" || f.options.Credentials != "") {
		return errors.New("flag --no-user goes with neither --user nor --credentials")
	}
	if n := f.options.Topic.Partitions; n < 1 {
		return fmt.Errorf("flag --partitions must be 1 or more (got \"%d\")", n)
	}
	if n := f.options.Topic.Replication; n < 1 {
		return fmt.Errorf("flag --replication-factor must be 1 or more (got \"%d\")", n)
	}
	if n := f.options.Topic.MaxMessage; n < 0 || n > math.MaxInt32 || n == 0 && flags.Changed("max-message-bytes") {
		return fmt.Errorf("flag --max-message-bytes must be above zero, e.g. 1048576 (got \"%d\")", n)
	}
	return nil
}

// parseRetention knows days, which durations of Go do not.
func parseRetention(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if text == "forever" {
		return site.Forever, nil
	}
	duration, err := time.ParseDuration(text)
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		var count uint64
		count, err = strconv.ParseUint(days, 10, 16) // all of which a duration can hold
		duration = time.Duration(count) * 24 * time.Hour
	}
	if err != nil || duration < time.Second {
		return 0, fmt.Errorf("flag --retention must be a time such as 30d or 12h, or forever (got %q)", text)
	}
	return duration, nil
}

func (f *siteAddFlags) openInflux() error {
	if address, err := url.Parse(f.url); err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return fmt.Errorf("flag --influx-url must be a URL, e.g. http://localhost:8086 (got %q)", f.url)
	}
	token, err := secret(f.tokenFile, "INFLUX_TOKEN")
	if err != nil {
		return fmt.Errorf("flag --influx-token-file: %w", err)
	}
	if token == "" {
		return errors.New("--influx-url needs a token: give --influx-token-file, or set INFLUX_TOKEN")
	}
	f.options.Influx = site.NewInflux(f.url, token, f.org, f.bucket, f.database)
	return nil
}

// answers are what the Pi's configuration is to say.
func (f *siteAddFlags) answers() setup.Values {
	name := f.options.Name
	values := setup.Values{
		setup.Site: name.Site, setup.Index: name.Index, setup.Type: name.Type, setup.DeviceID: f.deviceID, setup.Port: f.port,
		setup.Brokers: f.stationBrokers, setup.Replication: strconv.Itoa(int(f.options.Topic.Replication)),
		setup.Mechanism: "SCRAM-SHA-512", setup.TLSCA: setup.None,
	}
	if f.options.NoUser {
		values[setup.Mechanism] = setup.None
	}
	if f.deviceID == "" {
		values[setup.DeviceID] = strings.ReplaceAll(name.Topic(), "_", "-")
	}
	if f.stationBrokers == "" {
		values[setup.Brokers] = strings.Join(f.kafka.brokers, ",")
	}
	switch {
	case f.kafka.ca != "":
		values[setup.TLSCA] = stationCA
	case f.kafka.tls:
		values[setup.TLSCA] = setup.SystemCA
	}
	return values
}
