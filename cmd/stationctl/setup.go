package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/setup"
)

// setupFlags are the flags of setup.
type setupFlags struct {
	options setup.Options
	answers map[string]*string
	file    string // with answers
	noTest  bool
	json    bool
}

// answerUsage returns the usage of each flag that is an answer.
func answerUsage() map[string]string {
	return map[string]string{
		setup.Site:         "`NAME` of the site: letters, digits, \".\" and \"-\", as in --index and --type",
		setup.Index:        "`NUMBER` of this station at the site, e.g. 1",
		setup.Type:         "`TYPE` of the station, e.g. rasp",
		setup.DeviceID:     "unique `NAME` of this station",
		setup.Location:     "`LATITUDE,LONGITUDE` in degrees, or none; for a board without a GPS receiver",
		setup.Port:         "serial `PORT` of the board: a path, a glob, usb:2341:0043, or tcp://host:port",
		setup.BaudRate:     "`RATE` in Serial.begin() in the sketch (default: 9600)",
		setup.Brokers:      "`LIST` of Kafka brokers: host:port,host:port",
		setup.Replication:  "`NUMBER` of brokers that keep a copy of the topic (default: 3)",
		setup.TLSCA:        "`FILE` with the CA that signed the broker certificates, system for the CAs of this computer, or none",
		setup.Mechanism:    "SASL mechanism `NAME`: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, or none",
		setup.Username:     "`NAME` of the Kafka user",
		setup.PasswordFile: "`FILE` with the password of the Kafka user (default: $KAFKA_PASSWORD, or the current password)",
	}
}

func newSetup() *cobra.Command {
	f := &setupFlags{answers: make(map[string]*string)}
	command := &cobra.Command{
		Use:   "setup",
		Short: "Configure this station and take a test reading",
		Long: `Ask for the settings of this station (site, port, brokers, credentials), test
each answer, write the configuration, and take a test reading. Press Enter to
accept the answer in brackets: the current setting, or a detected value. Press
Ctrl-C at a question to stop without changes. The board and Kafka do not have
to be connected yet.

An existing configuration is edited in place: comments and other options are
kept, and the previous file is kept as FILE.bak. The user name and password for
Kafka are written to the environment file; the configuration only refers to its
variables. Setup does not restart the service, but shows the command. The test
reading is taken with "telegraf --test" as the user of the service; nothing is
sent to Kafka.

For images, cloud-init, and scripts, setup asks no questions if site, index,
type, device-id, port, and brokers are given, if --yes is set, or if the input is
not a terminal. Options that are not given keep their values. An invalid value is
an error; a missing port or an unreachable broker is a warning. With --from, the
answers are read from a TOML file:

    site = "JNU"
    index = 1
    type = "rasp"
    device-id = "JNU-roof"
    port = "/dev/serial/by-id/usb-Arduino*"
    brokers = ["kafka-1:9092", "kafka-2:9092", "kafka-3:9092"]
    sasl-mechanism = "SCRAM-SHA-512"
    username = "station"
    password-file = "kafka-password"    # next to this file; only read once

The exit code is 1 if there are warnings, for example that there was no reading;
the files have been written anyway. It is 2 if nothing could be written.`,
		Example: `  sudo stationctl setup
  sudo stationctl setup --site JNU --index 1 --type rasp \
    --device-id JNU-roof --port '/dev/serial/by-id/usb-Arduino*' \
    --brokers kafka-1:9092,kafka-2:9092
  sudo stationctl setup --sasl-mechanism SCRAM-SHA-512 --username station \
    --password-file password --tls-ca /etc/telegraf-station/kafka-ca.pem --yes
  sudo stationctl setup --from /boot/firmware/telegraf-station.toml --yes \
    --no-test
  stationctl setup --config telegraf.conf --environment telegraf.env \
    --telegraf build/telegraf`,
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
	flags.SortFlags = false // they are in the order of the questions
	usage := answerUsage()
	for _, name := range setup.Names() {
		f.answers[name] = flags.String(name, "", usage[name])
	}
	flags.StringVar(&f.file, "from", "", "TOML `FILE` with answers; flags take precedence")
	flags.BoolVar(&f.options.Yes, "yes", false, "ask no questions")
	flags.StringVar(&f.options.Configuration, "config", installed.Configuration, "configuration `FILE` to create or edit")
	flags.StringVar(&f.options.Environment, "environment", installed.Environment, "`FILE` with the environment variables of the service, for the user name and password")
	flags.StringVar(&f.options.Telegraf, "telegraf", "telegraf", "`PATH` or name of the telegraf program that takes the reading")
	flags.BoolVar(&f.noTest, "no-test", false, "take no test reading")
	flags.BoolVar(&f.json, "json", false, "print JSON")
}

func (f *setupFlags) run(ctx context.Context, in io.Reader, out, questions io.Writer) error {
	options := f.options
	options.System, options.Root = serialport.ThisSystem(), "/"
	options.In, options.Out = in, questions
	if f.noTest {
		options.Telegraf = ""
	}
	var err error
	if options.Given, options.From, err = f.given(); err != nil {
		return err
	}
	result, err := setup.Run(ctx, options)
	if result == nil {
		return err
	}
	if f.json {
		err = errors.Join(err, printJSON(out, result))
	} else {
		err = errors.Join(err, result.Write(out))
	}
	if err == nil && !result.OK() {
		return errFound
	}
	return err
}

// given returns the answers in the flags and in the file, and where each is from. Flags take precedence.
func (f *setupFlags) given() (answers setup.Values, from map[string]string, err error) {
	answers, from = make(setup.Values), make(map[string]string)
	if f.file != "" {
		if answers, from, err = setup.ReadAnswers(f.file); err != nil {
			return nil, nil, fmt.Errorf("flag --from: %w", err)
		}
	}
	maps.DeleteFunc(answers, func(_, value string) bool { return value == "" })
	for name, value := range f.answers {
		if *value != "" {
			answers[name], from[name] = *value, "flag --"+name
		}
	}
	return answers, from, nil
}
