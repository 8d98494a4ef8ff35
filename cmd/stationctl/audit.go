package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
)

// auditFlags are the flags of audit.
type auditFlags struct {
	kafka                       kafkaFlags
	pattern                     string
	url, org, bucket, tokenFile string
	timeout                     time.Duration
	json                        bool
}

func newAudit() *cobra.Command {
	var f auditFlags
	command := &cobra.Command{
		Use:   "audit [TOPIC...]",
		Short: "Check topics for lost, repeated, or out-of-order records",
		Long: `Read the topics of the sites from their beginning to their current end. For each
site and device, report the number of records, and which are lost, repeated, in
conflict (one number with two values), or out of order, based on the numbers that
outputs.kafka_site assigns to the records of each device. Numbers that a station
has parked or dropped are not lost: the next records of the device list them;
until they arrive, they count as lost. Numbers from before the topic existed, as
after a change of brokers, are shown but not counted. A batch that cannot be
decoded is skipped, and its offsets are shown. With --influx-url, also check that
InfluxDB has one point for each reading; points that the bucket's retention has
deleted are not missing.

The exit code is 1 if anything is lost, in conflict, out of order, unreadable, or
not in InfluxDB exactly once. audit changes nothing and commits no offsets.`,
		Example: `  stationctl audit --brokers kafka-1:9092,kafka-2:9092
  stationctl audit --brokers kafka-1:9092 JNU_1_rasp
  stationctl audit --brokers kafka-1:9092 --influx-url http://localhost:8086 \
    --influx-org station --influx-bucket station --influx-token-file token`,
		RunE: func(command *cobra.Command, topics []string) error {
			if err := f.check(command.Flags(), topics); err != nil {
				return err
			}
			return f.run(command.Context(), topics, command.OutOrStdout())
		},
	}
	flags := command.Flags()
	f.kafka.add(flags)
	flags.StringVar(&f.pattern, "topic-regexp", audit.DefaultPattern, "topics to audit if no TOPIC is named")
	flags.StringVar(&f.url, "influx-url", "", "`URL` of the InfluxDB 2 to compare with, e.g. http://localhost:8086")
	flags.StringVar(&f.org, "influx-org", "station", "InfluxDB organization")
	flags.StringVar(&f.bucket, "influx-bucket", "station", "InfluxDB bucket")
	flags.StringVar(&f.tokenFile, "influx-token-file", "", "`FILE` with a token that can read the bucket (default: $INFLUX_TOKEN)")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Minute, "time limit of the command")
	flags.BoolVar(&f.json, "json", false, "print JSON, with the lost numbers of each epoch")
	return command
}

// check rejects flags that have no effect: a user who sets them expects, above all, that InfluxDB was compared.
func (f *auditFlags) check(flags *pflag.FlagSet, topics []string) error {
	if len(topics) > 0 && flags.Changed("topic-regexp") {
		return errors.New("topics and --topic-regexp cannot be used together")
	}
	if f.timeout <= 0 {
		return fmt.Errorf("flag --timeout must be above zero, e.g. 10m (got %q)", f.timeout)
	}
	for _, name := range []string{"influx-org", "influx-bucket", "influx-token-file"} {
		if f.url == "" && flags.Changed(name) {
			return fmt.Errorf("flag --%s requires --influx-url", name)
		}
	}
	if address, err := url.Parse(f.url); f.url != "" && (err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https") {
		return fmt.Errorf("flag --influx-url must be a URL, e.g. http://localhost:8086 (got %q)", f.url)
	}
	return nil
}

func (f *auditFlags) run(ctx context.Context, topics []string, out io.Writer) error {
	options, err := f.options(topics)
	if err != nil {
		return err
	}
	if influx, asked := options.Store.(*audit.InfluxDB); asked {
		defer influx.Close()
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	report, err := audit.Run(ctx, options)
	if report == nil {
		return err
	}
	// A topic that cannot be read does not hide what is lost in the rest.
	if err := errors.Join(err, f.print(report, out)); err != nil {
		return err
	}
	if !report.OK() {
		return errFound
	}
	return nil
}

func (f *auditFlags) options(topics []string) (audit.Options, error) {
	options := audit.Options{Topics: topics}
	var err error
	if options.Brokers, err = kafka.Parse(f.kafka.brokers); err != nil {
		return options, fmt.Errorf("flag --brokers: %w", err)
	}
	if options.Pattern, err = regexp.Compile(f.pattern); err != nil {
		return options, fmt.Errorf("flag --topic-regexp: %w", err)
	}
	if options.Config, err = f.kafka.config(); err != nil {
		return options, err
	}
	if f.url == "" {
		return options, nil
	}
	token, err := secret(f.tokenFile, "INFLUX_TOKEN")
	if err != nil {
		return options, fmt.Errorf("flag --influx-token-file: %w", err)
	}
	if token == "" {
		return options, fmt.Errorf("--influx-url requires a token; set --influx-token-file or INFLUX_TOKEN")
	}
	options.Store = audit.NewInfluxDB(f.url, token, f.org, f.bucket)
	return options, nil
}

func (f *auditFlags) print(report *audit.Report, out io.Writer) error {
	if !f.json {
		return report.Write(out)
	}
	return printJSON(out, report)
}

// secret reads a file or, without one, a variable: all users can see command-line arguments.
func secret(file, variable string) (string, error) {
	if file == "" {
		return os.Getenv(variable), nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // the user's own choice
	return strings.TrimSpace(string(text)), err
}
