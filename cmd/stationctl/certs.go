package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/certs"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// certsFlags are those of all certs commands.
type certsFlags struct {
	dir          string
	dryRun, json bool
}

func newCerts() *cobra.Command {
	f := &certsFlags{}
	command := &cobra.Command{
		Use:   "certs",
		Short: "Make the certificates of Kafka's brokers",
		Long: `Certs makes an authority of your own, and certificates by which stations know the brokers. In the folder are then
  ca.key          the authority's key: keep it, on a disk that no station and no broker sees
  ca.pem          its certificate: for stations and centrals (tls_ca), for --tls-ca, and for brokers (ssl.truststore.location)
  BROKER.pem      a broker's key and certificate (ssl.keystore.location; ssl.keystore.type=PEM and ssl.truststore.type=PEM)
The commands run again without harm.`,
		Example: `  stationctl certs ca --dir certs
  stationctl certs broker kafka-1 --dir certs --name kafka-1 --name 192.0.2.7
  stationctl certs check --dir certs`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("say what to do: ca, broker or check; see stationctl certs --help")
		},
	}
	flags := command.PersistentFlags()
	flags.StringVar(&f.dir, "dir", "certs", "the `FOLDER`")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	command.AddCommand(newCertsAuthority(f), newCertsBroker(f), newCertsCheck(f))
	return command
}

func newCertsAuthority(f *certsFlags) *cobra.Command {
	var name string
	var days int
	command := &cobra.Command{
		Use:     "ca",
		Short:   "Make the authority",
		Long:    "Ca makes the authority that signs the brokers' certificates. One that is there stays: its key is never overwritten.",
		Example: "  stationctl certs ca --dir certs --name 'Stations of JNU'",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			result, err := certs.PlanAuthority(f.dir, name, days)
			return f.finish(command.OutOrStdout(), result, err)
		},
	}
	f.addDryRun(command.Flags())
	command.Flags().StringVar(&name, "name", "telegraf-station", "of the authority, for people")
	command.Flags().IntVar(&days, "days", 3650, "how long it is good for")
	return command
}

func newCertsBroker(f *certsFlags) *cobra.Command {
	var options certs.BrokerOptions
	command := &cobra.Command{
		Use:   "broker BROKER",
		Short: "Make a broker's certificate",
		Long: `Broker makes a broker's key and certificate. It is made anew if it ends soon, if its names are others, or if the authority is another;
else it stays. Clients refuse a broker that they reach by a name which is not in its certificate. Only you may read the file: the user
that the broker runs as needs it (chown); made anew, it keeps its owner and mode.`,
		Example: `  stationctl certs broker kafka-1 --dir certs --name kafka-1 --name kafka-1.example --name 192.0.2.7
  stationctl certs broker kafka-1 --dir certs --dry-run`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("give one BROKER, e.g. kafka-1")
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			if options.Name = args[0]; len(options.Names) == 0 {
				options.Names = args
			}
			result, err := certs.PlanBroker(f.dir, options)
			return f.finish(command.OutOrStdout(), result, err)
		},
	}
	flags := command.Flags()
	f.addDryRun(flags)
	flags.StringArrayVar(&options.Names, "name", nil, "`HOST` or address by which the broker is reached; can be given several times (default: BROKER)")
	flags.IntVar(&options.Days, "days", 825, "how long it is good for")
	flags.IntVar(&options.Renew, "renew", 30, "make it anew if it ends within so many days")
	return command
}

func (f *certsFlags) addDryRun(flags *pflag.FlagSet) {
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be done, and change nothing")
}

// finish applies a result, unless it is only to be shown.
func (f *certsFlags) finish(out io.Writer, result *certs.Result, err error) error {
	if err != nil {
		return err
	}
	if !f.dryRun {
		if err := result.Apply(); err != nil {
			return err
		}
	}
	if f.json {
		return printJSON(out, struct {
			*certs.Result
			DryRun bool `json:"dry_run"`
		}{result, f.dryRun})
	}
	_, err = fmt.Fprintf(out, "%s %s\n", result.Mark, result.Text)
	if err == nil && f.dryRun {
		_, err = fmt.Fprintln(out, "nothing was changed")
	}
	return err
}

func newCertsCheck(f *certsFlags) *cobra.Command {
	var within int
	command := &cobra.Command{
		Use:     "check",
		Short:   "Say how long the certificates are good for",
		Long:    "Check shows the certificates of the folder. It exits with 1 if one has ended or ends soon, is not the authority's, or has a key that everybody may read.",
		Example: "  stationctl certs check --dir certs --within 60",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			findings, err := certs.Check(f.dir, within)
			if err != nil {
				return err
			}
			return f.printFindings(command.OutOrStdout(), findings)
		},
	}
	command.Flags().IntVar(&within, "within", 30, "how many days must be left")
	return command
}

func (f *certsFlags) printFindings(out io.Writer, findings []certs.Finding) error {
	var result error
	rows, troubles := [][]string{certs.Columns()}, ""
	for _, finding := range findings {
		rows = append(rows, finding.Row())
		if finding.Trouble != "" {
			result = errFound
			troubles += fmt.Sprintf("! %s: %s\n", finding.File, finding.Trouble)
		}
	}
	if f.json {
		return cmp.Or(printJSON(out, findings), result)
	}
	err := texttable.Write(out, rows)
	if err == nil {
		_, err = io.WriteString(out, troubles)
	}
	return cmp.Or(err, result)
}
