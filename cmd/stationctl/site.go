package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// siteFlags are the flags of all site commands.
type siteFlags struct {
	kafka   kafkaFlags
	timeout time.Duration
	json    bool
}

func newSite() *cobra.Command {
	f := &siteFlags{}
	command := &cobra.Command{
		Use:   "site",
		Short: "Add, list, and remove sites, and rotate their credentials",
		Long: `Manage what each site has in Kafka: the topic SITE_INDEX_TYPE, and a user that
can write to this topic and nothing else.

Log in as an administrator, one of the brokers' super.users. All commands can be
repeated safely.`,
		Example: `  stationctl site add JNU 1 rasp --brokers kafka-1:9092 --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --credentials JNU_1_rasp.env
  stationctl site plan sites.csv --brokers kafka-1:9092 --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --credentials-dir passwords
  stationctl site list --brokers kafka-1:9092
  stationctl site show JNU_1_rasp --brokers kafka-1:9092
  stationctl site rotate-credentials JNU_1_rasp --brokers kafka-1:9092 --credentials JNU_1_rasp.env
  stationctl site remove JNU_1_rasp --brokers kafka-1:9092`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New(`a subcommand is required: add, plan, list, show, remove, or rotate-credentials; see "stationctl site --help"`)
		},
	}
	f.add(command.PersistentFlags())
	command.AddCommand(newSiteAdd(f), newSitePlan(f), newSiteList(f), newSiteShow(f), newSiteRemove(f), newSiteRotate(f))
	return command
}

func (f *siteFlags) add(flags *pflag.FlagSet) {
	f.kafka.add(flags)
	flags.DurationVar(&f.timeout, "timeout", 2*time.Minute, "time limit of the command; 2h for site plan")
	flags.BoolVar(&f.json, "json", false, "print JSON")
}

// with connects, and calls do. The timeout limits both.
func (f *siteFlags) with(command *cobra.Command, do func(context.Context, *site.Cluster) error) error {
	if f.timeout <= 0 {
		return fmt.Errorf("flag --timeout must be above zero, e.g. 2m (got %q)", f.timeout)
	}
	addresses, err := kafka.Parse(f.kafka.brokers)
	if err != nil {
		return fmt.Errorf("flag --brokers: %w", err)
	}
	config, err := f.kafka.config()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(command.Context(), f.timeout)
	defer cancel()
	cluster, err := site.Open(ctx, addresses, config)
	if err != nil {
		return err
	}
	defer cluster.Close()
	slow := &retryReporter{out: command.ErrOrStderr()}
	defer slow.end()
	cluster.Retried = slow.retried
	if err := do(ctx, cluster); err != nil {
		if ctx.Err() != nil && !errors.Is(err, errInterrupted) { // the error of a closed connection does not name the cause
			return fmt.Errorf("not finished within %s, or interrupted; repeat the command (%w)", f.timeout, err)
		}
		return err
	}
	return nil
}

// planReport is a plan as JSON.
type planReport struct {
	*site.Plan
	DryRun bool `json:"dry_run"`
}

// show prints a plan without applying it.
func (f *siteFlags) show(plan *site.Plan, out io.Writer) error {
	var err error
	if f.json {
		err = printJSON(out, planReport{plan, true})
	} else if err = plan.Write(out); err == nil {
		_, err = fmt.Fprintf(out, "%s planned; nothing was changed\n", texttable.Count(plan.Changes(), "change"))
	}
	return withWarnings(plan, err)
}

// apply applies the plan, and prints each step after it.
func (f *siteFlags) apply(ctx context.Context, plan *site.Plan, out io.Writer) error {
	if f.json {
		err := plan.Apply(ctx, func(site.Step) error { return nil })
		return withWarnings(plan, errors.Join(err, printJSON(out, planReport{plan, false})))
	}
	err := plan.Apply(ctx, func(step site.Step) error { return step.Write(out) })
	if err == nil && plan.Changes() == 0 {
		_, err = fmt.Fprintln(out, "nothing to change")
	}
	return withWarnings(plan, err)
}

// withWarnings returns errFound if the command succeeded but the plan has warnings.
func withWarnings(plan interface{ Warnings() bool }, err error) error {
	if err == nil && plan.Warnings() {
		return errFound
	}
	return err
}
