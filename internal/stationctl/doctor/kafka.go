package doctor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
	telegrafkafka "github.com/influxdata/telegraf/plugins/common/kafka"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

// connection is how a plugin connects to Kafka.
type connection struct {
	*doctor
	label    string
	brokers  []string
	settings *sarama.Config
	invalid  error // why there are no settings
	// setupKnows is true if setup can edit the options.
	setupKnows bool
}

// The names of checks that others need.
const (
	tcpCheck  = "TCP"
	saslCheck = "SASL"
)

// answerTimeout is shorter than the limit of a check.
const answerTimeout = 4 * time.Second

func (d *doctor) outputConnection(i int, o *kafka_site.KafkaSite) *connection {
	several := len(d.parts.outputs)+len(d.parts.inputs) > 1
	return d.newConnection(labelOf("outputs.kafka_site", strconv.Itoa(i+1), several), o.Brokers, o.Config, len(d.parts.outputs) == 1)
}

func (d *doctor) inputConnection(i int, in *kafka_sites.KafkaSites) *connection {
	several := len(d.parts.outputs)+len(d.parts.inputs) > 1
	common := in.Config
	common.Version = in.Version
	k := d.newConnection(labelOf("inputs.kafka_sites", strconv.Itoa(i+1), several), in.Brokers, common, false)
	if k.settings != nil {
		k.settings.Metadata.Full = true
		// The first request for a group waits until Kafka has created its internal topic for groups.
		k.settings.Metadata.Retry.Max, k.settings.Metadata.Retry.Backoff = 12, 300*time.Millisecond
	}
	return k
}

func (d *doctor) newConnection(label string, addresses []string, common telegrafkafka.Config, setupKnows bool) *connection {
	k := &connection{doctor: d, label: label, setupKnows: setupKnows}
	if k.brokers, k.invalid = kafka.Parse(addresses); k.invalid != nil {
		return k
	}
	k.settings, k.invalid = kafka.NewProbeConfig(common, answerTimeout)
	return k
}

// checks returns the checks of the connection; reached gets the addresses that accept TCP connections.
func (k *connection) checks(reached *[]string) []check {
	dns, tcp, tls, sasl := k.label+"DNS", k.label+tcpCheck, k.label+"TLS", k.label+saslCheck
	return []check{
		{name: dns, run: k.dns},
		{name: tcp, needs: []string{dns}, run: storing(reached, k.tcp)},
		{name: tls, needs: []string{tcp}, run: func(ctx context.Context) result { return k.tls(ctx, *reached) }},
		{name: sasl, needs: []string{tls}, run: func(context.Context) result { return k.sasl(*reached) }},
		{name: k.label + "brokers", needs: []string{sasl}, run: func(ctx context.Context) result { return k.advertised(ctx, *reached) }},
	}
}

// forEach calls try for all addresses concurrently and returns those that succeeded.
func forEach(addresses []string, try func(address string) error) (succeeded []string, err error) {
	errs := make([]error, len(addresses))
	var trying sync.WaitGroup
	for i, address := range addresses {
		trying.Go(func() { errs[i] = try(address) })
	}
	trying.Wait()
	for i, address := range addresses {
		if errs[i] == nil {
			succeeded = append(succeeded, address)
		} else {
			errs[i] = fmt.Errorf("%s: %w", address, errs[i])
		}
	}
	return succeeded, errors.Join(errs...)
}

// withBroker logs in to one broker, for the duration of the function.
func (k *connection) withBroker(address string, do func(*sarama.Broker) error) error {
	broker := sarama.NewBroker(address)
	if err := broker.Open(k.settings); err != nil {
		return err
	}
	if _, err := broker.Connected(); err != nil {
		return err
	}
	defer broker.Close() //nolint:errcheck // it was only queried
	return do(broker)
}

// metadata queries the first address; with no topics, it returns only the brokers.
func (k *connection) metadata(reached []string, request *sarama.MetadataRequest) (response *sarama.MetadataResponse, err error) {
	err = k.withBroker(reached[0], func(broker *sarama.Broker) error {
		response, err = broker.GetMetadata(request)
		return err
	})
	return response, err
}

// brokersRequest requests only the brokers.
func brokersRequest() *sarama.MetadataRequest {
	return &sarama.MetadataRequest{Version: 4, Topics: []string{}}
}

// permissionsVersion is the first version whose response has the operations that the user is authorized for.
const permissionsVersion = 9

// isAuthorized reports whether a response of Kafka authorizes an operation.
func isAuthorized(operations int32, operation sarama.AclOperation) bool {
	return operations&(1<<operation) != 0
}

// unknownOperations is the response of a Kafka that does not report authorized operations.
const unknownOperations = math.MinInt32

// client returns a client that has the leaders of the topics. The client of a station must name its topics, as its output does.
func (k *connection) client(reached []string, topics ...string) (sarama.Client, error) {
	client, err := sarama.NewClient(reached, k.settings)
	if err != nil || len(topics) == 0 {
		return client, err
	}
	err = client.RefreshMetadata(topics...)
	if _, isResponse := errors.AsType[sarama.KError](err); err != nil && !isResponse { // a missing topic is reported as an error
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// user returns the Kafka user of the plugin.
func (k *connection) user() string { return k.settings.Net.SASL.User }

// fixOption sets an option of the plugin: with setup or, if setup cannot do that, with an editor.
func (k *connection) fixOption(assignment, flag, value string) string {
	if k.setupKnows {
		return k.fixSetup(flag, quote(value))
	}
	return k.fixEdit(assignment)
}

// fixBrokers sets the addresses of the brokers.
func (k *connection) fixBrokers(addresses []string) string {
	return k.fixOption(fmt.Sprintf(`brokers = ["%s"]`, strings.Join(addresses, `", "`)), "--brokers", strings.Join(addresses, ","))
}

// fixCreateSite creates the topic and the permissions of a site, as an administrator of Kafka.
func (k *connection) fixCreateSite(site string) string {
	if !k.settings.Net.SASL.Enable {
		return k.fixAsAdmin("site add "+site) + " --no-user"
	}
	return k.fixAsAdmin("site add "+site) + " --user " + quote(k.user())
}

// fixAsAdmin is a stationctl command that changes Kafka.
func (k *connection) fixAsAdmin(command string) string {
	command = "stationctl " + command + " --brokers " + strings.Join(k.brokers, ",")
	if k.settings.Net.TLS.Enable {
		command += " --tls-ca kafka-ca.pem"
	}
	if k.settings.Net.SASL.Enable {
		command += " --sasl-mechanism " + string(k.settings.Net.SASL.Mechanism) + " --sasl-username admin --sasl-password-file admin-password"
	}
	return command
}
