package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// planTimeout is enough for 10,000 sites on small machines.
const planTimeout = 2 * time.Hour

// sitePlanFlags are the flags of site plan.
type sitePlanFlags struct {
	siteSpecFlags
	credentials, configurations string
	apply, verbose              bool
}

func newSitePlan(common *siteFlags) *cobra.Command {
	f := &sitePlanFlags{siteSpecFlags: siteSpecFlags{siteFlags: common}}
	command := &cobra.Command{
		Use:   "plan FILE",
		Short: "Add many sites from a file",
		Long: fmt.Sprintf(`Create what the sites in a CSV or YAML file need, up to %d of them, as "add"
does for one. First, the whole file is checked and all errors are listed: names
that are not valid, duplicate sites and users, and names that differ only in "."
and "_", which Kafka metrics do not distinguish. Then the changes and the number
of partition replicas per broker are shown. With --apply, the changes are
applied; without it, stationctl asks on a terminal, and otherwise changes
nothing.

The columns of the file (in YAML, the keys) are site, index, and type, and, to
differ from the flags and defaults, partitions, replication_factor, retention,
max_message_bytes, and user. In CSV, the first line names the columns; lines that
begin with # are skipped.

The credentials of each site are written to SITE_INDEX_TYPE.env in the directory
given by --credentials-dir; with --configurations-dir, the telegraf.conf of each
Pi is written to SITE_INDEX_TYPE.conf. If a run is interrupted, repeat it: it
continues where it stopped. Requests that Kafka does not answer are retried until
no request has succeeded for 10 minutes.

%s

The exit code is 1 if any line starts with !.`, site.MaxSites, legend),
		Example: `  printf 'site,index,type,retention\nJNU,1,rasp,30d\nJNU,2,rasp,\n' >sites.csv
  printf '%s\n' '- {site: JNU, index: 1, type: rasp, retention: 30d}' '- {site: JNU, index: 2, type: rasp}' >sites.yaml
  stationctl site plan sites.csv --brokers kafka-1:9092 --credentials-dir passwords
  stationctl site plan sites.csv --brokers kafka-1:9092 --credentials-dir passwords --configurations-dir pis --apply
  stationctl site plan sites.yaml --brokers kafka-1:9092 --credentials-dir passwords --dry-run --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("one FILE of sites is required, e.g. sites.csv or sites.yaml")
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error { return f.run(command, args[0]) },
	}
	f.addFlags(command.Flags())
	flags := command.Flags()
	flags.StringVar(&f.credentials, "credentials-dir", "", "write the user name and password of each site to a file in `DIR`")
	flags.StringVar(&f.configurations, "configurations-dir", "", "write a telegraf.conf for each site to `DIR`; existing files are edited")
	flags.BoolVar(&f.apply, "apply", false, "apply the changes without asking")
	flags.BoolVar(&f.verbose, "verbose", false, "also show what is unchanged")
	return command
}

func (f *sitePlanFlags) run(command *cobra.Command, file string) error {
	flags := command.Flags()
	if !flags.Changed("timeout") {
		f.timeout = planTimeout
	}
	if err := f.check(); err != nil {
		return err
	}
	if err := needs(flags, "configurations-dir", "port", "station-brokers"); err != nil {
		return err
	}
	if err := f.read(flags); err != nil {
		return err
	}
	defer f.close()
	sites, err := site.ReadFile(file, f.options)
	if err != nil {
		return err
	}
	f.addFiles(sites)
	return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
		fleet, err := cluster.PlanFleet(ctx, sites, f.influx)
		if err != nil {
			return fmt.Errorf("nothing was changed: %w", err)
		}
		return f.proceed(ctx, command, fleet)
	})
}

func (f *sitePlanFlags) check() error {
	switch {
	case f.apply && f.dryRun:
		return errors.New("--apply and --dry-run cannot be used together")
	case f.options.NoUser && f.credentials != "":
		return errors.New("--no-user and --credentials-dir cannot be used together")
	case !f.options.NoUser && f.credentials == "":
		return errors.New("--credentials-dir DIR is required for the passwords (or --no-user for topics only)")
	}
	for name, folder := range map[string]string{"credentials-dir": f.credentials, "configurations-dir": f.configurations} {
		if info, err := os.Stat(folder); folder != "" && (err != nil || !info.IsDir()) {
			return fmt.Errorf(`flag --%s: directory %q does not exist; create it with: mkdir -m 700 %[2]q`, name, folder)
		}
	}
	return nil
}

// addFiles sets the files of each site.
func (f *sitePlanFlags) addFiles(sites []site.AddOptions) {
	for i := range sites {
		o := &sites[i]
		if f.credentials != "" {
			o.Credentials = filepath.Join(f.credentials, o.Name.Topic()+".env")
		}
		if f.configurations != "" {
			o.Configuration, o.Answers = filepath.Join(f.configurations, o.Name.Topic()+".conf"), f.answers(*o)
		}
	}
}

// proceed shows the plan, and applies it if requested.
func (f *sitePlanFlags) proceed(ctx context.Context, command *cobra.Command, fleet *site.Fleet) error {
	out, errs := command.OutOrStdout(), command.ErrOrStderr()
	if !f.json {
		buffer := bufio.NewWriter(out) // up to 50,000 lines
		if err := errors.Join(fleet.Write(buffer, f.verbose), buffer.Flush()); err != nil {
			return err
		}
	}
	if !f.apply && !f.dryRun && !f.json && fleet.Changes() > 0 && isTerminal(command.InOrStdin()) {
		if err := ask(ctx, command.InOrStdin(), errs, "--apply"); err != nil {
			return err
		}
		f.apply = true
	}
	if !f.apply || fleet.Changes() == 0 {
		return withWarnings(fleet, f.print(out, fleet))
	}
	progress := newProgress(errs, fleet)
	if err := errors.Join(fleet.Apply(ctx, progress.update), progress.end()); err != nil {
		return errors.Join(err, f.print(out, fleet))
	}
	return withWarnings(fleet, f.print(out, fleet))
}

// fleetReport is the plan of many sites as JSON.
type fleetReport struct {
	*site.Fleet
	Changes int  `json:"changes"`
	Made    int  `json:"made"`
	DryRun  bool `json:"dry_run"`
}

// print prints the result.
func (f *sitePlanFlags) print(out io.Writer, fleet *site.Fleet) error {
	var err error
	changes := fleet.Changes()
	switch {
	case f.json:
		err = printJSON(out, fleetReport{fleet, changes, fleet.Applied(), !f.apply})
	case changes == 0:
		_, err = fmt.Fprintln(out, "nothing to change")
	case f.apply:
		_, err = fmt.Fprintf(out, "%d of %s applied\n", fleet.Applied(), texttable.Count(changes, "change"))
	default:
		_, err = fmt.Fprintf(out, "%s planned; nothing was changed (--apply applies them)\n", texttable.Count(changes, "change"))
	}
	return err
}
