package setup

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/influxdata/telegraf/plugins/outputs"
	"github.com/influxdata/telegraf/selfstat"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/record"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// normalize returns an answer in the form of the configuration file, or an error if it is invalid. Options of the plugins are checked by
// the plugins.
func normalize(name, value string) (string, error) {
	if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return "", errors.New("it must not contain control characters or invalid UTF-8")
	}
	if name != password {
		value = strings.TrimSpace(value)
	}
	switch name {
	case Location:
		return normalizeLocation(value)
	case Brokers:
		_, err := kafka.Parse([]string{value})
		return normalizeBrokers(value), err
	case Replication:
		return value, checkReplication(value)
	case TLSCA:
		return value, checkCA(value)
	case Mechanism:
		return normalizeMechanism(value)
	case Username, password:
		return value, checkCredential(name, value)
	case PasswordFile:
		return value, nil
	}
	return value, checkInput(name, value)
}

// newInput returns an input plugin with valid options.
func newInput() *arduino_serial.ArduinoSerial {
	plugin := inputs.Inputs["arduino_serial"]().(*arduino_serial.ArduinoSerial)
	plugin.Port, plugin.DeviceID, plugin.Site, plugin.Index, plugin.Type = "/dev/ttyACM0", "x", "x", "1", "x"
	return plugin
}

// checkInput has the input plugin check one option.
func checkInput(name, value string) error {
	plugin := newInput()
	switch name {
	case Site:
		plugin.Site = value
	case Index:
		plugin.Index = value
	case Type:
		plugin.Type = value
	case DeviceID:
		plugin.DeviceID = value
	case Port:
		plugin.Port = value
	case BaudRate:
		rate, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("it must be the number in Serial.begin() in the sketch, e.g. 9600 (got %q)", value)
		}
		plugin.BaudRate = rate
	}
	return plugin.Init()
}

func checkReplication(value string) error {
	factor, err := strconv.ParseInt(value, 10, 16)
	if err != nil {
		return fmt.Errorf("it must be a number, at most the number of brokers, e.g. 3 (got %q)", value)
	}
	plugin := outputs.Outputs["kafka_site"]().(*kafka_site.KafkaSite)
	plugin.Brokers, plugin.ReplicationFactor = []string{"x:1"}, int16(factor)
	plugin.Log, plugin.Statistics = logger.New("", "", ""), selfstat.NewCollector(nil)
	return plugin.Init()
}

// checkTopic checks the whole name: it can be too long although each part is valid.
func checkTopic(answers Values) error { return record.CheckTopic(answers.topic()) }

func normalizeLocation(value string) (string, error) {
	if strings.EqualFold(value, None) || value == "" {
		return None, nil
	}
	plugin := newInput()
	var numbers []string
	for part := range strings.SplitSeq(strings.Trim(value, "[]"), ",") {
		degrees, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return "", fmt.Errorf("it must be LATITUDE,LONGITUDE in degrees, e.g. 35.17959,126.90822, or %q (got %q)", None, value)
		}
		plugin.Location = append(plugin.Location, degrees)
		numbers = append(numbers, number(degrees))
	}
	return strings.Join(numbers, ","), plugin.Init()
}

func normalizeMechanism(value string) (string, error) {
	if strings.EqualFold(value, None) || value == "" {
		return None, nil
	}
	value = strings.ToUpper(value)
	if !slices.Contains(mechanisms(), value) {
		return "", fmt.Errorf("it must be %s or %q (got %q); set the options of other mechanisms in the configuration file",
			strings.Join(mechanisms(), ", "), None, value)
	}
	return value, nil
}

// checkCredential never quotes the value.
func checkCredential(name, value string) error {
	switch {
	case value == "":
		return fmt.Errorf("the %s is empty", name)
	case strings.Contains(value, "@{"):
		return fmt.Errorf(`the %s must not contain "@{": Telegraf treats it as a reference to a secret store`, name)
	}
	return nil
}

func checkCA(value string) error {
	if value == None || value == SystemCA {
		return nil
	}
	if !filepath.IsAbs(value) {
		return fmt.Errorf("it must be %q, %q (the CAs of this computer) or the absolute path of a file (got %q)", None, SystemCA, value)
	}
	text, err := os.ReadFile(value) //nolint:gosec // chosen by the user
	if err != nil {
		return fmt.Errorf("%w; copy the file there first", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return fmt.Errorf(`file %q has no certificate in PEM format ("-----BEGIN CERTIFICATE-----")`, value)
	}
	return nil
}

// readPassword reads a file that has only a password, with or without a newline.
func readPassword(path string) (string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // chosen by the user
	if err != nil {
		return "", err
	}
	return normalize(password, strings.TrimRight(string(text), "\r\n"))
}
