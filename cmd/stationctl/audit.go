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

// auditFlags are the command's.
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
		Short: "Prove from the topics what was lost, repeated or disordered",
		Long: `Audit reads the topics of sites from their beginning to what is their end now, and tells for each site and device how many records
there are, and which are lost, repeated, in conflict (one number with two values) or out of order, from the numbers that outputs.kafka_site
gives each record. Numbers that a station gave up are parked or dropped, not lost: the next record of that device tells of them, and
until it comes they count as lost. With --influx-url it also looks whether
InfluxDB has one point for each reading; points that the bucket's retention has removed are not missed.

It exits with 1 if anything is lost, in conflict, out of order, unreadable, or not in InfluxDB exactly once. It changes nothing, and commits no offsets.`,
		Example: `  stationctl audit --brokers kafka-1:9092,kafka-2:9092
  stationctl audit --brokers kafka-1:9092 JNU_1_rasp
  stationctl audit --brokers kafka-1:9092 --influx-url http://localhost:8086 --influx-org station --influx-bucket station --influx-token-file token`,
		RunE: func(command *cobra.Command, topics []string) error {
			if err := f.check(command.Flags(), topics); err != nil {
				return err
			}
			return f.run(command.Context(), topics, command.OutOrStdout())
		},
	}
	flags := command.Flags()
	f.kafka.add(flags)
	flags.StringVar(&f.pattern, "topic-regexp", audit.DefaultPattern, "which topics are audited if none is named")
	flags.StringVar(&f.url, "influx-url", "", "InfluxDB 2 to compare with, e.g. http://localhost:8086")
	flags.StringVar(&f.org, "influx-org", "station", "its organization")
	flags.StringVar(&f.bucket, "influx-bucket", "station", "its bucket")
	flags.StringVar(&f.tokenFile, "influx-token-file", "", "file with a token that may read the bucket; without it the variable INFLUX_TOKEN")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Minute, "how long it may take")
	flags.BoolVar(&f.json, "json", false, "print JSON, with the lost numbers of each epoch")
	return command
}

// check refuses flags that would be without effect: who gives them expects that they are heeded, above all that InfluxDB was compared.
func (f *auditFlags) check(flags *pflag.FlagSet, topics []string) error {
	if len(topics) > 0 && flags.Changed("topic-regexp") {
		return errors.New("give topics or --topic-regexp, not both")
	}
	if f.timeout <= 0 {
		return fmt.Errorf("flag --timeout must be above zero, e.g. 10m (got %q)", f.timeout)
	}
	for _, name := range []string{"influx-org", "influx-bucket", "influx-token-file"} {
		if f.url == "" && flags.Changed(name) {
			return fmt.Errorf("flag --%s requires --influx-url too", name)
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
	// One topic that cannot be read does not hide what is lost in the others.
	if err := errors.Join(err, f.print(report, out)); err != nil {
		return err
	}
	if !report.Sound() {
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

// secret comes from a file or, without one, from a variable: a value on the command line could be seen by everybody.
func secret(file, variable string) (string, error) {
	if file == "" {
		return os.Getenv(variable), nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // the user's own choice
	return strings.TrimSpace(string(text)), err
}
