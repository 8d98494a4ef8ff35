package setup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/config"
	telegrafkafka "github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/influxdata/telegraf/plugins/common/tls"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// dialTimeout limits a TCP connection, answerTimeout one response of a broker.
const (
	dialTimeout   = 5 * time.Second
	answerTimeout = 5 * time.Second
)

// cluster describes a Kafka cluster.
type cluster struct {
	brokers int // their number
}

// connectAll connects to all addresses. It returns an error for those that are unreachable, and whether all of them are.
func connectAll(ctx context.Context, addresses []string) (unreachable bool, err error) {
	errs := make([]error, len(addresses))
	var dialing sync.WaitGroup
	for i, address := range addresses {
		dialing.Go(func() { errs[i] = connect(ctx, address) })
	}
	dialing.Wait()
	return !slices.Contains(errs, nil), errors.Join(errs...)
}

func connect(ctx context.Context, address string) error {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		return conn.Close()
	}
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		return fmt.Errorf("cannot resolve broker %q: %w; check the spelling and the network", address, err)
	}
	return fmt.Errorf("cannot connect to broker %q: %w; check the port, the firewall, and that Kafka is running", address, err)
}

// describeCluster logs in and requests the metadata of the topic, as the station does. client has the TLS options that are not answers;
// limit is for one response.
func describeCluster(ctx context.Context, answers Values, client tls.ClientConfig, limit time.Duration) (*cluster, error) {
	settings, err := clientConfig(answers, client, limit)
	if err != nil {
		return nil, err
	}
	type outcome struct {
		*cluster
		error
	}
	answered := make(chan outcome, 1)
	go func() { // the library does not support contexts, but has time limits
		c, err := describe(ctx, answers, settings)
		answered <- outcome{c, err}
	}()
	select {
	case o := <-answered:
		return o.cluster, o.error
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func describe(ctx context.Context, answers Values, settings *sarama.Config) (*cluster, error) {
	client, err := sarama.NewClient(strings.Split(answers[Brokers], ","), settings)
	if err != nil {
		return nil, err
	}
	defer client.Close() //nolint:errcheck // it was only read
	err = client.RefreshMetadata(answers.topic())
	response, isResponse := errors.AsType[sarama.KError](err)
	switch {
	case err == nil, errors.Is(err, sarama.ErrUnknownTopicOrPartition), errors.Is(err, sarama.ErrLeaderNotAvailable):
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed):
		return nil, fmt.Errorf("not authorized to use topic %q: %w; grant WRITE, DESCRIBE, and CREATE", answers.topic(), err)
	case isResponse && !errors.Is(err, sarama.ErrSASLAuthenticationFailed):
		return nil, fmt.Errorf("the request to Kafka at %s failed: %w", answers[Brokers], response)
	default:
		return nil, fmt.Errorf("cannot connect to Kafka at %s: %w%s", answers[Brokers], err, kafka.FlagAdvice(err))
	}
	return advertised(ctx, client)
}

// advertised tries the addresses that the brokers advertise, because clients continue with these.
func advertised(ctx context.Context, client sarama.Client) (*cluster, error) {
	var addresses []string
	for _, broker := range client.Brokers() {
		addresses = append(addresses, broker.Addr())
	}
	if _, err := connectAll(ctx, addresses); err != nil {
		return nil, fmt.Errorf("the brokers advertise addresses that this computer cannot reach; set advertised.listeners to names that it can resolve: %w", err)
	}
	return &cluster{brokers: len(addresses)}, nil
}

// clientConfig returns a configuration like that of the plugin.
func clientConfig(answers Values, client tls.ClientConfig, limit time.Duration) (*sarama.Config, error) {
	common := telegrafkafka.Config{Version: "2.8.0", ClientID: "telegraf-station-setup", ClientConfig: client}
	if ca := answers[TLSCA]; ca != "" && ca != None {
		enable := true
		common.EnableTLS = &enable
		if ca != SystemCA {
			common.TLSCA = ca
		}
	}
	if answers.hasCredentials() {
		common.SASLMechanism = answers[Mechanism]
		common.SASLUsername = config.NewSecret([]byte(answers[Username]))
		common.SASLPassword = config.NewSecret([]byte(answers[password]))
	}
	return kafka.NewProbeConfig(common, limit)
}

// checkSize returns an error if the cluster has fewer brokers than the topic needs copies.
func (c *cluster) checkSize(factor string) error {
	copies, err := strconv.Atoi(factor)
	if err != nil || c == nil || c.brokers >= copies {
		return nil //nolint:nilerr // an invalid number is reported elsewhere
	}
	return fmt.Errorf("replication-factor is %d, but Kafka has only %d brokers, so the topic cannot be created", copies, c.brokers)
}
