package kafka

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Kafka has changeTimeout to execute a change; a response may take requestTimeout in addition. A broker that accepts connections and never
// responds blocks no command for longer.
const (
	changeTimeout  = 30 * time.Second
	requestTimeout = 10 * time.Second
)

// Timeouts limit an administrator's requests.
type Timeouts struct {
	Change time.Duration // to execute a change
	Answer time.Duration // for a response, in addition
}

// DefaultTimeouts returns the timeouts of the operator tool.
func DefaultTimeouts() Timeouts { return Timeouts{Change: changeTimeout, Answer: requestTimeout} }

// OpenAdmin connects to Kafka with the addresses, TLS, and login (PLAIN or SCRAM) of the configuration. Each request is bounded by its
// context and the timeouts. It is not retried: only the caller knows what may be sent twice.
func OpenAdmin(ctx context.Context, brokers []string, config *sarama.Config, timeouts Timeouts) (*kadm.Client, *kgo.Client, error) {
	options, err := adminOptions(brokers, config, timeouts)
	if err != nil {
		return nil, nil, err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, nil, err
	}
	if err := client.Ping(ctx); err != nil {
		client.Close()
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, nil, fmt.Errorf("cannot connect to Kafka at %s: %w%s", strings.Join(brokers, ", "), err, FlagAdvice(err))
	}
	admin := kadm.NewClient(client)
	admin.SetTimeoutMillis(int32(timeouts.Change.Milliseconds())) //nolint:gosec // half a minute
	return admin, client, nil
}

func adminOptions(brokers []string, config *sarama.Config, timeouts Timeouts) ([]kgo.Opt, error) {
	options := []kgo.Opt{
		kgo.SeedBrokers(brokers...), kgo.ClientID(config.ClientID), kgo.DialTimeout(timeouts.Answer),
		kgo.RequestTimeoutOverhead(timeouts.Answer), kgo.RequestRetries(0), kgo.MetadataMinAge(10 * time.Millisecond),
		kgo.MaxDecompressBatchBytes(maxBatchBytes),
	}
	if config.Net.TLS.Enable {
		options = append(options, kgo.DialTLSConfig(config.Net.TLS.Config))
	}
	if !config.Net.SASL.Enable {
		return options, nil
	}
	mechanism, err := mechanismOf(config)
	return append(options, kgo.SASL(mechanism)), err
}

func mechanismOf(config *sarama.Config) (sasl.Mechanism, error) {
	user, password := config.Net.SASL.User, config.Net.SASL.Password
	switch config.Net.SASL.Mechanism {
	case sarama.SASLTypePlaintext, "":
		return plain.Auth{User: user, Pass: password}.AsMechanism(), nil
	case sarama.SASLTypeSCRAMSHA256:
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism(), nil
	case sarama.SASLTypeSCRAMSHA512:
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("SASL mechanism %q is not supported; use PLAIN, SCRAM-SHA-256, or SCRAM-SHA-512", config.Net.SASL.Mechanism)
}
