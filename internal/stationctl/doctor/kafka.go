package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/logger"
	telegrafkafka "github.com/influxdata/telegraf/plugins/common/kafka"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// kafkaEnd is a plugin that speaks to Kafka, and what the checks before tell those after.
type kafkaEnd struct {
	*doctor
	label    string
	brokers  []string
	settings *sarama.Config
	broken   error // why there are no settings
	// station says that setup can edit its options.
	station bool
	// reached are the addresses where somebody answers.
	reached []string
}

// The names of the checks that others need.
const (
	tcpCheck     = "TCP"
	saslCheck    = "SASL"
	brokersCheck = "brokers"
)

func (d *doctor) outputKafka(i int, o *kafka_site.KafkaSite) *kafkaEnd {
	several := len(d.parts.outputs)+len(d.parts.inputs) > 1
	return d.newKafkaEnd(label("outputs.kafka_site", strconv.Itoa(i+1), several), o.Brokers, o.Config, len(d.parts.outputs) == 1)
}

func (d *doctor) inputKafka(i int, in *kafka_sites.KafkaSites) *kafkaEnd {
	several := len(d.parts.outputs)+len(d.parts.inputs) > 1
	common := in.Config
	common.Version = in.Version
	k := d.newKafkaEnd(label("inputs.kafka_sites", strconv.Itoa(i+1), several), in.Brokers, common, false)
	if k.settings != nil {
		k.settings.Metadata.Full = true
		// The first who asks for a group waits until Kafka has made its own topic for groups.
		k.settings.Metadata.Retry.Max, k.settings.Metadata.Retry.Backoff = 12, 300*time.Millisecond
	}
	return k
}

func (d *doctor) newKafkaEnd(label string, addresses []string, common telegrafkafka.Config, station bool) *kafkaEnd {
	k := &kafkaEnd{doctor: d, label: label, station: station}
	if k.brokers, k.broken = kafka.Parse(addresses); k.broken != nil {
		return k
	}
	k.settings = sarama.NewConfig()
	k.settings.Metadata.AllowAutoTopicCreation = false
	k.settings.Metadata.Retry.Max = 0
	k.settings.Metadata.Full = false
	k.settings.Net.DialTimeout, k.settings.Net.ReadTimeout, k.settings.Net.WriteTimeout = answerTimeout, answerTimeout, answerTimeout
	k.settings.Admin.Timeout, k.settings.Admin.Retry.Max = answerTimeout, 0
	k.broken = common.SetConfig(k.settings, logger.New("", "", ""))
	kafka.Guard(k.settings)
	return k
}

// answerTimeout is less than a check has.
const answerTimeout = 4 * time.Second

func (k *kafkaEnd) checks() []check {
	dns, tcp, tls, sasl := k.label+"DNS", k.label+tcpCheck, k.label+"TLS", k.label+saslCheck
	return []check{
		{name: dns, run: k.unbroken(k.dns)},
		{name: tcp, needs: []string{dns}, run: k.tcp},
		{name: tls, needs: []string{tcp}, run: k.tls},
		{name: sasl, needs: []string{tls}, run: k.sasl},
		{name: k.label + brokersCheck, needs: []string{sasl}, run: k.advertised},
	}
}

// unbroken is the first check of all that need good options.
func (k *kafkaEnd) unbroken(run func(context.Context) result) func(context.Context) result {
	return func(ctx context.Context) result {
		if k.broken != nil {
			return bad(k.edit("mend it"), "%v", k.broken)
		}
		return run(ctx)
	}
}

// fix is the command that gives one option another value.
func (k *kafkaEnd) fix(option, flag string, values []string) string {
	if k.station {
		return k.setup(flag, quote(strings.Join(values, ",")))
	}
	if strings.Contains(option, "=") {
		return k.edit(option)
	}
	if option != "brokers" {
		return k.edit(fmt.Sprintf("%s = %q", option, values[0]))
	}
	return k.edit(fmt.Sprintf(`%s = ["%s"]`, option, strings.Join(values, `", "`)))
}

// open logs in at one address.
func (k *kafkaEnd) open(address string) (*sarama.Broker, error) {
	broker := sarama.NewBroker(address)
	if err := broker.Open(k.settings); err != nil {
		return nil, err
	}
	if _, err := broker.Connected(); err != nil {
		return nil, err
	}
	return broker, nil
}

// ask logs in at the first address that answers, for as long as the function runs.
func (k *kafkaEnd) ask(do func(*sarama.Broker) error) error {
	broker, err := k.open(k.reached[0])
	if err != nil {
		return err
	}
	defer broker.Close() //nolint:errcheck // it was only asked
	return do(broker)
}

// sasl logs in at each broker.
func (k *kafkaEnd) sasl(context.Context) result {
	_, troubles := each(k.reached, func(address string) error {
		broker, err := k.open(address)
		if err != nil {
			return err
		}
		defer broker.Close()                                                                 //nolint:errcheck // it was only asked
		_, err = broker.GetMetadata(&sarama.MetadataRequest{Version: 4, Topics: []string{}}) // who must log in and did not is thrown out
		return err
	})
	user, mechanism := k.settings.Net.SASL.User, k.settings.Net.SASL.Mechanism
	err := errors.Join(troubles...)
	switch {
	case err == nil && !k.settings.Net.SASL.Enable:
		return good("Kafka asks for no login")
	case err == nil:
		return good("logged in as %q (%s)", user, mechanism)
	case errors.Is(err, sarama.ErrUnsupportedSASLMechanism):
		return bad(k.login("SCRAM-SHA-512", user), "Kafka does not let anybody log in by %s: %v", mechanism, err)
	case k.settings.Net.SASL.Enable:
		return bad(k.login(string(mechanism), user), "Kafka does not let user %q in by %s: is the password right? (%v)", user, mechanism, err)
	case errors.Is(err, io.EOF), strings.Contains(err.Error(), "reset by peer"):
		return bad(k.login("SCRAM-SHA-512", "USER"), "Kafka closes the connection: it wants a user's name and password (%v)", err)
	}
	return bad("", "%v", err)
}

// login sets user and password; the file has nothing but the password in it.
func (k *kafkaEnd) login(mechanism, user string) string {
	if k.station {
		return k.setup("--sasl-mechanism", mechanism, "--username", quote(user), "--password-file", "kafka-password")
	}
	return fmt.Sprintf("sudoedit %s  # KAFKA_USERNAME=%s and KAFKA_PASSWORD=...; in %s sasl_mechanism = %q", quote(k.Environment), user, k.Configuration, mechanism)
}

// advertised tries the addresses that the brokers give for themselves: clients go on with these.
func (k *kafkaEnd) advertised(ctx context.Context) result {
	var told *sarama.MetadataResponse
	err := k.ask(func(broker *sarama.Broker) (err error) {
		told, err = broker.GetMetadata(&sarama.MetadataRequest{Version: 4, Topics: []string{}})
		return err
	})
	if err != nil {
		return bad("", "%v", err)
	}
	var addresses []string
	for _, broker := range told.Brokers {
		addresses = append(addresses, broker.Addr())
	}
	other := &kafkaEnd{doctor: k.doctor, brokers: addresses}
	if r := other.dns(ctx); r.state != Good {
		return bad(on(hostOf(k.reached[0]), "sudoedit /etc/kafka/server.properties  # advertised.listeners: names that this computer knows"),
			"the brokers name addresses that are not known here: %s", r.text)
	}
	if r := other.tcp(ctx); r.state != Good {
		return result{Doubtful, "of " + strings.Join(addresses, ", ") + ": " + r.text, r.fix}
	}
	return good("%d, all of them answer", len(addresses))
}

func hostOf(address string) string {
	if at := strings.LastIndexByte(address, ':'); at >= 0 {
		return address[:at]
	}
	return address
}

// may tells whether Kafka's answer about rights has one.
func may(operations int32, operation sarama.AclOperation) bool { return operations&(1<<operation) != 0 }

// untold is what a Kafka answers that does not tell rights.
const untold = math.MinInt32

// client knows the topics' leaders. A station asks for its own topics only, as its output does.
func (k *kafkaEnd) client(topics ...string) (sarama.Client, error) {
	client, err := sarama.NewClient(k.reached, k.settings)
	if err != nil || len(topics) == 0 {
		return client, err
	}
	err = client.RefreshMetadata(topics...)
	if _, answered := errors.AsType[sarama.KError](err); err != nil && !answered { // that a topic is missing is an answer
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// siteCommand makes a site's topic and rights; whoever administers Kafka runs it.
func (k *kafkaEnd) siteCommand(site string) string {
	if !k.settings.Net.SASL.Enable {
		return k.administer("site add "+site) + " --no-user"
	}
	return k.administer("site add "+site) + " --user " + quote(k.settings.Net.SASL.User)
}

// administer is a command of stationctl that changes Kafka.
func (k *kafkaEnd) administer(command string) string {
	command = "stationctl " + command + " --brokers " + strings.Join(k.reached, ",")
	if k.settings.Net.TLS.Enable {
		command += " --tls-ca kafka-ca.pem"
	}
	if k.settings.Net.SASL.Enable {
		command += " --sasl-mechanism " + string(k.settings.Net.SASL.Mechanism) + " --sasl-username admin --sasl-password-file admin-password"
	}
	return command
}
