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
		Short: "Say what is wrong with this station or central Telegraf, and what mends it",
		Long: `Doctor looks at the station or the central that this computer is, as its configuration says, and prints a line for each check, with the
command that mends it on the next:

  ✓  is well     !  works, but not as it should     ✗  is wrong     -  not checked: the text says why

On a station it looks at the program, the configuration, the Arduino's port and what comes over it, the clock, the way to Kafka (DNS, TCP,
TLS, login, topic, rights), the outbox, and the age of the newest record. In the central it looks at the way to Kafka, the topics, the rights,
the consumer group and its lag, and at InfluxDB: token, bucket, database for v1 queries (DBRP).

It changes nothing, and writes nothing into a topic or a bucket. If nobody has the Arduino's port, it opens it to take a reading; a board
may reboot by that. Run it as root: others may not read the configuration. It takes a minute at most, some seconds if all is well. What a
command of it names in capitals, and the user "admin" of Kafka, you know. The commands for InfluxDB want its administrator's INFLUX_TOKEN.

It exits with 1 if a line begins with ✗ or !.`,
		Example: `  sudo stationctl doctor
  sudo stationctl doctor --json
  stationctl doctor --config telegraf.conf --environment telegraf.env --telegraf build/telegraf`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			here := doctor.ThisComputer()
			here.Configuration, here.Environment, here.Telegraf = options.Configuration, options.Environment, options.Telegraf
			return examine(command.Context(), command.OutOrStdout(), here, asJSON)
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.Configuration, "config", installed.Configuration, "Telegraf's configuration `FILE`")
	flags.StringVar(&options.Environment, "environment", installed.Environment, "the `FILE` with the service's variables")
	flags.StringVar(&options.Telegraf, "telegraf", "telegraf", "the Telegraf that this is for, by its `PATH` or name")
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
