package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/doctor"
)

func newDoctor() *cobra.Command {
	var options doctor.Options
	var asJSON bool
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Diagnose this station or central Telegraf and show fixes",
		Long: `Check the station or central Telegraf that is configured on this computer. Each
check prints one line. If there is a problem, the next line shows the command
that fixes it.

    ✓  ok    !  warning    ✗  failed    -  not checked (the text says why)

On a station, doctor checks the telegraf program, the configuration, the clock,
the serial port and the board's output, the connection to Kafka (DNS, TCP, TLS,
login, topic, permissions), the outbox, and the age of the newest record. For a
central Telegraf, it checks the connection to Kafka, the topics, permissions,
the consumer group and its lag, and InfluxDB: token, bucket, and the database
for v1 queries (DBRP).

It changes nothing and does not write to any topic or bucket. If no other
program uses the serial port, doctor opens it to take a reading, which may
reset the board. Run doctor as root, because other users often cannot read the
configuration. It takes a few seconds, or up to a minute if there are problems.

In the commands it prints, replace words in capitals and the Kafka user "admin"
with your own values. Commands for InfluxDB need the token of an InfluxDB
administrator in INFLUX_TOKEN.

The exit code is 1 if any line starts with ! or ✗.`,
		Example: `  sudo stationctl doctor
  sudo stationctl doctor --json
  stationctl doctor --config telegraf.conf --environment telegraf.env \
    --telegraf build/telegraf`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			here := doctor.ThisComputer()
			here.Configuration, here.Environment, here.Telegraf = options.Configuration, options.Environment, options.Telegraf
			return examine(command.Context(), command.OutOrStdout(), here, asJSON)
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.Configuration, "config", installed.Configuration, "Telegraf configuration `FILE`")
	flags.StringVar(&options.Environment, "environment", installed.Environment, "`FILE` with the environment variables of the service")
	flags.StringVar(&options.Telegraf, "telegraf", "telegraf", "`PATH` or name of the telegraf program to check")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func examine(ctx context.Context, out io.Writer, options doctor.Options, asJSON bool) error {
	installed.UseVariables(options.Environment)
	report, err := doctor.Run(ctx, options)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(out, report)
	} else {
		err = report.Write(out)
	}
	if err == nil && !report.OK() {
		return errFound
	}
	return err
}
