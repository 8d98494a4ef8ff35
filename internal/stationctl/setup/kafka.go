package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/logger"
	telegrafkafka "github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/influxdata/telegraf/plugins/common/tls"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// answerTimeout is how long a broker may take for one answer.
const answerTimeout = 5 * time.Second

// cluster is what the brokers told of themselves.
type cluster struct {
	brokers int // how many there are
}

// reachAll says which addresses nobody answers at, and whether that is all of them.
func reachAll(ctx context.Context, addresses []string) (silent bool, err error) {
	troubles := make([]error, len(addresses))
	var dialing sync.WaitGroup
	for i, address := range addresses {
		dialing.Go(func() { troubles[i] = reach(ctx, address) })
	}
	dialing.Wait()
	return !slices.Contains(troubles, nil), errors.Join(troubles...)
}

func reach(ctx context.Context, address string) error {
	dialer := net.Dialer{Timeout: answerTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		return conn.Close()
	}
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		return fmt.Errorf("broker %q: its name is not known here: is it written well, and is the network up? (%w)", address, err)
	}
	return fmt.Errorf("broker %q: nobody answers: is the port right, does Kafka run there, does a firewall keep you out? (%w)", address, err)
}

// askKafka logs in and asks for the topic's metadata, as the station will. client has the TLS options that setup does not ask for.
func askKafka(ctx context.Context, answers Values, client tls.ClientConfig) (*cluster, error) {
	settings, err := clientConfig(answers, client)
	if err != nil {
		return nil, err
	}
	type outcome struct {
		*cluster
		error
	}
	answered := make(chan outcome, 1)
	go func() { // the library knows no context, but its times are bounded
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
	refusal, answered := errors.AsType[sarama.KError](err)
	switch {
	case err == nil, errors.Is(err, sarama.ErrUnknownTopicOrPartition), errors.Is(err, sarama.ErrLeaderNotAvailable):
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed):
		return nil, fmt.Errorf("topic %q: this user may not use it: have WRITE, DESCRIBE and CREATE allowed (%w)", answers.topic(), err)
	case answered && !errors.Is(err, sarama.ErrSASLAuthenticationFailed):
		return nil, fmt.Errorf("the Kafka at %s refuses: %w", answers[Brokers], refusal)
	default:
		return nil, fmt.Errorf("the Kafka at %s does not let us in: %w%s", answers[Brokers], err, hint(err, answers))
	}
	return advertised(ctx, client)
}

// hint says what to do about an answer that says little.
func hint(err error, answers Values) string {
	text := err.Error()
	closed := errors.Is(err, io.EOF) || strings.Contains(text, "EOF") || strings.Contains(text, "reset by peer")
	credentials := fmt.Sprintf(": are user name %q, the password and mechanism %s right?", answers[Username], answers[Mechanism])
	switch {
	case errors.Is(err, sarama.ErrSASLAuthenticationFailed), strings.Contains(text, "SASL"):
		return credentials
	case strings.Contains(text, "x509:"):
		return ": is this the authority that signed the brokers' certificates?"
	case strings.Contains(text, "first record does not look like a TLS handshake"):
		return ": this port does not speak TLS: give another port, or no TLS"
	case closed && answers.hasCredentials():
		return credentials + " Does Kafka want TLS?"
	case closed:
		return ": the connection was closed: does Kafka want TLS, or a user's name and password?"
	case strings.Contains(text, "timeout"):
		return ": no answer came: is it this port, does it want TLS or not?"
	}
	return ""
}

// advertised tries the addresses that the brokers give for themselves: clients go on with these.
func advertised(ctx context.Context, client sarama.Client) (*cluster, error) {
	var addresses []string
	for _, broker := range client.Brokers() {
		addresses = append(addresses, broker.Addr())
	}
	if _, err := reachAll(ctx, addresses); err != nil {
		return nil, fmt.Errorf("the brokers answer, but name addresses that cannot be reached from here: have their advertised.listeners set to names that this computer knows: %w", err)
	}
	return &cluster{brokers: len(addresses)}, nil
}

// clientConfig is made as the plugin makes its own.
func clientConfig(answers Values, client tls.ClientConfig) (*sarama.Config, error) {
	settings := sarama.NewConfig()
	settings.Metadata.AllowAutoTopicCreation = false
	settings.Metadata.Retry.Max = 0
	settings.Metadata.Full = false
	settings.Net.DialTimeout, settings.Net.ReadTimeout, settings.Net.WriteTimeout = answerTimeout, answerTimeout, answerTimeout
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
	if err := common.SetConfig(settings, logger.New("", "", "")); err != nil {
		return nil, err
	}
	kafka.Guard(settings)
	return settings, settings.Validate()
}

// checkSize says that the cluster has too few brokers for the copies that a topic is to have.
func (c *cluster) checkSize(factor string) error {
	wanted, err := strconv.Atoi(factor)
	if err != nil || c == nil || c.brokers >= wanted {
		return nil //nolint:nilerr // a bad number is told of elsewhere
	}
	return fmt.Errorf("replication-factor is %d, but Kafka has %d broker(s): unless it is at most that, the topic cannot be created", wanted, c.brokers)
}
