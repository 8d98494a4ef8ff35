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
)

// planTimeout is for 10000 sites on small machines.
const planTimeout = 2 * time.Hour

// sitePlanFlags are the command's own.
type sitePlanFlags struct {
	newSiteFlags
	credentials, configurations string
	apply, verbose              bool
}

func newSitePlan(common *siteFlags) *cobra.Command {
	f := &sitePlanFlags{newSiteFlags: newSiteFlags{siteFlags: common}}
	command := &cobra.Command{
		Use:   "plan FILE",
		Short: "Add many sites from a file",
		Long: fmt.Sprintf(`Plan makes what the sites of a CSV or YAML file need, up to %d of them, as add does for one. It first checks the whole file and tells
of all that is wrong in it: names that are not legal, sites and users that are there twice, names that Kafka's metrics take for the same
("." and "_"), also those of topics that are there. Then it shows how the cluster would change, and how many copies of partitions each
broker would have. With --apply it makes it so; without, it asks on a terminal, and changes nothing elsewhere.

The file has the columns (in YAML: the keys) site, index and type, and, if they are to differ from the flags or the defaults, partitions,
replication_factor, retention, max_message_bytes and user. In CSV the first line names the columns; lines that begin with # are passed over.

Each site's password is written into the folder of --credentials-dir, as SITE_INDEX_TYPE.env. With --configurations-dir, each Pi's
telegraf.conf is written as SITE_INDEX_TYPE.conf. Killed in the middle, run it again: it goes on where it was.
What Kafka does not answer, or too slowly, is tried again until nothing succeeds for 10 minutes.

  +  is made     ~  is changed     =  is so already     !  stays otherwise: see the text; the exit code is 1 then`, site.MaxSites),
		Example: `  printf 'site,index,type,retention\nJNU,1,rasp,30d\nJNU,2,rasp,\n' >sites.csv
  printf '%s\n' '- {site: JNU, index: 1, type: rasp, retention: 30d}' '- {site: JNU, index: 2, type: rasp}' >sites.yaml
  stationctl site plan sites.csv --brokers kafka-1:9092 --credentials-dir passwords
  stationctl site plan sites.csv --brokers kafka-1:9092 --credentials-dir passwords --configurations-dir pis --apply
  stationctl site plan sites.yaml --brokers kafka-1:9092 --credentials-dir passwords --dry-run --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("give one FILE of sites, e.g. sites.csv or sites.yaml")
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error { return f.run(command, args[0]) },
	}
	f.addFlags(command.Flags())
	flags := command.Flags()
	flags.StringVar(&f.credentials, "credentials-dir", "", "`FOLDER` that gets a file with user and password for each site")
	flags.StringVar(&f.configurations, "configurations-dir", "", "`FOLDER` that gets a telegraf.conf for each site; those that are there are edited")
	flags.BoolVar(&f.apply, "apply", false, "make the changes, and do not ask")
	flags.BoolVar(&f.verbose, "verbose", false, "show what is so already, too")
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
		return errors.New("flag --apply goes not with --dry-run: give one of them")
	case f.options.NoUser && f.credentials != "":
		return errors.New("flag --no-user goes not with --credentials-dir")
	case !f.options.NoUser && f.credentials == "":
		return errors.New("give --credentials-dir FOLDER, which gets the passwords (or --no-user, for topics only)")
	}
	for name, folder := range map[string]string{"credentials-dir": f.credentials, "configurations-dir": f.configurations} {
		if info, err := os.Stat(folder); folder != "" && (err != nil || !info.IsDir()) {
			return fmt.Errorf("flag --%s: there is no folder %q: make it with mkdir -m 700 %[2]q", name, folder)
		}
	}
	return nil
}

// addFiles names those that each site gets.
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

// proceed shows the plan, and applies it if that is wanted.
func (f *sitePlanFlags) proceed(ctx context.Context, command *cobra.Command, fleet *site.Fleet) error {
	out, errs := command.OutOrStdout(), command.ErrOrStderr()
	if !f.json {
		buffer := bufio.NewWriter(out) // there may be 50000 lines
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
		return judge(fleet, f.print(out, fleet))
	}
	progress := newProgress(errs, fleet)
	if err := errors.Join(fleet.Apply(ctx, progress.made), progress.end()); err != nil {
		return errors.Join(err, f.print(out, fleet))
	}
	return judge(fleet, f.print(out, fleet))
}

// fleetReport is the plan of many sites as JSON.
type fleetReport struct {
	*site.Fleet
	Changes int  `json:"changes"`
	Made    int  `json:"made"`
	DryRun  bool `json:"dry_run"`
}

// print tells the result.
func (f *sitePlanFlags) print(out io.Writer, fleet *site.Fleet) error {
	var err error
	changes := fleet.Changes()
	switch {
	case f.json:
		err = printJSON(out, fleetReport{fleet, changes, fleet.Made(), !f.apply})
	case changes == 0:
		_, err = fmt.Fprintln(out, "nothing to change")
	case f.apply:
		_, err = fmt.Fprintf(out, "%d of %d change(s) made\n", fleet.Made(), changes)
	default:
		_, err = fmt.Fprintf(out, "%d change(s) to make; nothing was changed (--apply makes them)\n", changes)
	}
	return err
}
