package main

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/spf13/pflag"

	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
)

// kafkaFlags are the connection settings, which mirror the options of the plugins.
type kafkaFlags struct {
	brokers                           []string
	tls                               bool
	ca, cert, key                     string
	mechanism, username, passwordFile string
}

func (f *kafkaFlags) add(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.brokers, "brokers", nil, "Kafka brokers: host:port,host:port")
	flags.BoolVar(&f.tls, "tls", false, "use TLS, with the system's CAs unless --tls-ca is set")
	flags.StringVar(&f.ca, "tls-ca", "", "CA `FILE` that signed the broker certificates")
	flags.StringVar(&f.cert, "tls-cert", "", "client certificate `FILE`")
	flags.StringVar(&f.key, "tls-key", "", "key `FILE` of the client certificate")
	flags.StringVar(&f.mechanism, "sasl-mechanism", "", "SASL mechanism `NAME`, e.g. SCRAM-SHA-512")
	flags.StringVar(&f.username, "sasl-username", "", "Kafka user `NAME` to log in with")
	flags.StringVar(&f.passwordFile, "sasl-password-file", "", "`FILE` with the password of the Kafka user (default: $KAFKA_PASSWORD)")
}

func (f *kafkaFlags) config() (*sarama.Config, error) {
	settings := stationkafka.NewToolConfig()
	common, err := f.common()
	if err != nil {
		return nil, err
	}
	common.ClientID, common.Version = settings.ClientID, settings.Version.String()
	if err := common.SetConfig(settings, logger.New("", "", "")); err != nil {
		return nil, err
	}
	return settings, settings.Validate()
}

// common returns the options of the plugins.
func (f *kafkaFlags) common() (kafka.Config, error) {
	var common kafka.Config
	common.TLSCA, common.TLSCert, common.TLSKey = f.ca, f.cert, f.key
	if f.tls {
		common.Enable = &f.tls
	}
	switch {
	case f.username == "" && (f.mechanism != "" || f.passwordFile != ""):
		return common, errors.New("flags --sasl-mechanism and --sasl-password-file require --sasl-username")
	case f.username != "" && f.mechanism == "":
		return common, errors.New("flag --sasl-username requires --sasl-mechanism, e.g. SCRAM-SHA-512")
	case (f.cert == "") != (f.key == ""):
		return common, errors.New("flags --tls-cert and --tls-key must be used together")
	}
	password, err := secret(f.passwordFile, "KAFKA_PASSWORD")
	if err != nil {
		return common, fmt.Errorf("flag --sasl-password-file: %w", err)
	}
	if f.username != "" {
		common.SASLMechanism = f.mechanism
		common.SASLUsername, common.SASLPassword = config.NewSecret([]byte(f.username)), config.NewSecret([]byte(password))
	}
	return common, nil
}
