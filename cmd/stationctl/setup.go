package main

import (
	"context"
	"fmt"
	"io"
	"maps"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/setup"
)

// setupFlags are the command's.
type setupFlags struct {
	options setup.Options
	answers map[string]*string
	from    string
	noTest  bool
	json    bool
}

// answerHelp is what the flags with answers mean.
func answerHelp() map[string]string {
	return map[string]string{
		setup.Site:         "the site's `NAME`; letters, digits, \".\" and \"-\", as in the two that follow",
		setup.Index:        "the `NUMBER` of this station at the site, e.g. 1",
		setup.Type:         "the station's `TYPE`, e.g. rasp",
		setup.DeviceID:     "the `NAME` of this station, which no other has",
		setup.Location:     "`LATITUDE,LONGITUDE` in degrees, or none: for an Arduino without a GPS",
		setup.Port:         "the Arduino's `PORT`: a path, a glob, usb:2341:0043 or tcp://host:port",
		setup.BaudRate:     "the `RATE` in the sketch's Serial.begin() (default 9600)",
		setup.Brokers:      "`LIST` of Kafka's brokers, host:port,host:port",
		setup.Replication:  "the `NUMBER` of brokers that keep a copy of the topic, at most as many as there are (default 3)",
		setup.TLSCA:        "`FILE` of the authority that signed the brokers' certificates, system for this computer's own, or none",
		setup.Mechanism:    "`NAME` of the mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, or none",
		setup.Username:     "`NAME` of the user in Kafka",
		setup.PasswordFile: "`FILE` with the user's password; without it the variable KAFKA_PASSWORD, or the password that is there already",
	}
}

func newSetup() *cobra.Command {
	f := &setupFlags{answers: make(map[string]*string)}
	command := &cobra.Command{
		Use:   "setup",
		Short: "Make a station's configuration, and try it",
		Long: `Setup asks what a station must know (site, port, brokers, credentials), tests each answer at once, writes the configuration,
and shows a reading. Enter takes the answer in brackets: what the configuration says already, or what was found. Ctrl-C ends it, and
nothing is changed. An Arduino or a Kafka that is not there yet may be named all the same.

An existing configuration is edited in place: comments and other options stay, and what was there before is kept as FILE.bak. User name
and password for Kafka go into the environment file; the configuration only names its variables. The service is not restarted: setup
says how. The reading at the end is taken by "telegraf --test", as the service's user; it sends nothing to Kafka.

With site, index, type, device-id, port and brokers given, with --yes, or if the input is no terminal, nothing is asked: for images,
cloud-init and scripts. What is not given stays as it is in the configuration. A bad value is an error; a port or a broker that is not
there yet is a warning. --from reads the same answers from a TOML file:

  site = "JNU"
  index = 1
  type = "rasp"
  device-id = "JNU-roof"
  port = "/dev/serial/by-id/usb-Arduino*"
  brokers = ["kafka-1:9092", "kafka-2:9092", "kafka-3:9092"]
  sasl-mechanism = "SCRAM-SHA-512"
  username = "station"
  password-file = "kafka-password"    # beside this file; it is not needed afterwards

It exits with 1 if it warned, e.g. that no reading came; the files are written then too. It exits with 2 if it could not do it.`,
		Example: `  sudo stationctl setup
  sudo stationctl setup --site JNU --index 1 --type rasp --device-id JNU-roof --port '/dev/serial/by-id/usb-Arduino*' --brokers kafka-1:9092,kafka-2:9092
  sudo stationctl setup --sasl-mechanism SCRAM-SHA-512 --username station --password-file password --tls-ca /etc/telegraf-station/kafka-ca.pem --yes
  sudo stationctl setup --from /boot/firmware/telegraf-station.toml --yes --no-test
  stationctl setup --config telegraf.conf --environment telegraf.env --telegraf build/telegraf`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return f.run(command.Context(), command.InOrStdin(), command.OutOrStdout(), command.ErrOrStderr())
		},
	}
	f.add(command)
	return command
}

func (f *setupFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.SortFlags = false // they come in the order of the questions
	help := answerHelp()
	for _, name := range setup.Names() {
		f.answers[name] = flags.String(name, "", help[name])
	}
	flags.StringVar(&f.from, "from", "", "`FILE` with the answers; flags go before it")
	flags.BoolVar(&f.options.Yes, "yes", false, "ask nothing")
	flags.StringVar(&f.options.Configuration, "config", "/etc/telegraf-station/telegraf.conf", "the configuration `FILE` to make or edit")
	flags.StringVar(&f.options.Environment, "environment", "/etc/default/telegraf-station", "the `FILE` with the service's variables, for user name and password")
	flags.StringVar(&f.options.Telegraf, "telegraf", "telegraf", "the Telegraf that takes the reading, by its `PATH` or name")
	flags.BoolVar(&f.noTest, "no-test", false, "take no reading")
	flags.BoolVar(&f.json, "json", false, "print JSON")
}

func (f *setupFlags) run(ctx context.Context, in io.Reader, out, conversation io.Writer) error {
	options := f.options
	options.System, options.Root = serialport.ThisSystem(), "/"
	options.In, options.Out = in, conversation
	if f.noTest {
		options.Telegraf = ""
	}
	if err := f.give(&options); err != nil {
		return err
	}
	result, err := setup.Run(ctx, options)
	if result == nil {
		return err
	}
	if printErr := f.print(result, out); printErr != nil {
		return printErr
	}
	if err == nil && !result.Sound() {
		return errFound
	}
	return err
}

// give puts the answers of flags before those of the file.
func (f *setupFlags) give(options *setup.Options) error {
	options.Given, options.From = make(setup.Values), make(map[string]string)
	if f.from != "" {
		var err error
		if options.Given, options.From, err = setup.ReadAnswers(f.from); err != nil {
			return fmt.Errorf("flag --from: %w", err)
		}
	}
	maps.DeleteFunc(options.Given, func(_, value string) bool { return value == "" })
	for name, value := range f.answers {
		if *value != "" {
			options.Given[name], options.From[name] = *value, "flag --"+name
		}
	}
	return nil
}

func (f *setupFlags) print(result *setup.Result, out io.Writer) error {
	if f.json {
		return printJSON(out, result)
	}
	return result.Write(out)
}
