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

// certsFlags are the flags of all certs commands.
type certsFlags struct {
	dir          string
	dryRun, json bool
}

func newCerts() *cobra.Command {
	f := &certsFlags{}
	command := &cobra.Command{
		Use:   "certs",
		Short: "Create and check certificates for Kafka brokers",
		Long: `Create your own certificate authority (CA) and issue certificates with which
stations authenticate the brokers. The directory then contains:

    ca.key        key of the CA; keep it where no station and no broker can
                  read it
    ca.pem        certificate of the CA, for stations and the central Telegraf
                  (tls_ca), for --tls-ca, and for brokers
                  (ssl.truststore.location)
    BROKER.pem    key and certificate of a broker (ssl.keystore.location; set
                  ssl.keystore.type=PEM and ssl.truststore.type=PEM)

The commands can be repeated: they change only what is necessary.`,
		Example: `  stationctl certs ca --dir certs
  stationctl certs broker kafka-1 --dir certs --name kafka-1 --name 192.0.2.7
  stationctl certs check --dir certs`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("a command is required: ca, broker, or check; see \"stationctl certs --help\"")
		},
	}
	flags := command.PersistentFlags()
	flags.StringVar(&f.dir, "dir", "certs", "`DIRECTORY` of the certificates")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	command.AddCommand(newCertsCA(f), newCertsBroker(f), newCertsCheck(f))
	return command
}

func newCertsCA(f *certsFlags) *cobra.Command {
	var name string
	var days int
	command := &cobra.Command{
		Use:     "ca",
		Short:   "Create the certificate authority (CA)",
		Long:    "Create the CA that signs the broker certificates. An existing CA is unchanged: its\nkey is never overwritten.",
		Example: "  stationctl certs ca --dir certs --name 'Stations of JNU'",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			result, err := certs.PlanCA(f.dir, name, days)
			return f.finish(command.OutOrStdout(), result, err)
		},
	}
	f.addDryRun(command.Flags())
	command.Flags().StringVar(&name, "name", "telegraf-station", "display `NAME` of the CA")
	command.Flags().IntVar(&days, "days", 3650, "validity in `DAYS`")
	return command
}

func newCertsBroker(f *certsFlags) *cobra.Command {
	var options certs.BrokerOptions
	command := &cobra.Command{
		Use:   "broker BROKER",
		Short: "Issue a broker certificate",
		Long: `Create the key of a broker and issue its certificate. An existing certificate is
renewed if it expires soon, if its names differ, or if another CA signed it.
Clients reject a broker if they connect to it with a name that is not in its
certificate. Only you can read a new file: change its owner to the user that
runs the broker (chown). A renewed file keeps its owner and mode.`,
		Example: `  stationctl certs broker kafka-1 --dir certs --name kafka-1 \
    --name kafka-1.example --name 192.0.2.7
  stationctl certs broker kafka-1 --dir certs --dry-run`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("one BROKER is required, e.g. kafka-1")
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
	flags.StringArrayVar(&options.Names, "name", nil, "`HOST` name or address of the broker; can be repeated (default: BROKER)")
	flags.IntVar(&options.Days, "days", 825, "validity in `DAYS`")
	flags.IntVar(&options.Renew, "renew", 30, "renew the certificate if it expires within `DAYS`")
	return command
}

func (f *certsFlags) addDryRun(flags *pflag.FlagSet) {
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the planned changes without applying them")
}

// finish applies and prints a result; with --dry-run, it only prints it.
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
		Use:   "check",
		Short: "Check the certificates",
		Long: `Show the certificates in the directory. The exit code is 1 if a certificate has
expired or expires soon, was signed by another CA, or has a key that all users
can read.`,
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
	command.Flags().IntVar(&within, "within", 30, "report certificates that expire within `DAYS`")
	return command
}

func (f *certsFlags) printFindings(out io.Writer, findings []certs.Finding) error {
	var result error
	rows, problems := [][]string{certs.Columns()}, ""
	for _, finding := range findings {
		rows = append(rows, finding.Row())
		if finding.Problem != "" {
			result = errFound
			problems += fmt.Sprintf("! %s: %s\n", finding.File, finding.Problem)
		}
	}
	if f.json {
		return cmp.Or(printJSON(out, findings), result)
	}
	err := texttable.Write(out, rows)
	if err == nil {
		_, err = io.WriteString(out, problems)
	}
	return cmp.Or(err, result)
}
