package audit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// connectTimeout is how long Kafka may take for its first answer. Brokers that take connections and say nothing would be waited for
// three minutes each, by the client library's own limits (tried).
const connectTimeout = time.Minute

// NewConfig is a client that creates nothing and reads nothing that it is not asked for.
func NewConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.ClientID = "stationctl"
	config.Version = sarama.V2_8_0_0
	config.Metadata.AllowAutoTopicCreation = false
	config.Metadata.Retry.Max = 1
	config.Consumer.Return.Errors = true
	// A topic that is begun waits until the fetch under way has ended: with the default of 500 ms 300 topics took 29 s instead of 7.6 s.
	config.Consumer.MaxWaitTime = 50 * time.Millisecond
	return config
}

// Connect returns a client whose connections end with the context, and a function that ends both. Without a config it is NewConfig's.
func Connect(ctx context.Context, addresses []string, config *sarama.Config) (sarama.Client, func(), error) {
	if config == nil {
		config = NewConfig()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	patience := time.AfterFunc(connectTimeout, func() { cancel(fmt.Errorf("no answer within %s", connectTimeout)) })
	client, err := sarama.NewClient(addresses, bound(ctx, config))
	patience.Stop()
	if err != nil {
		cause := context.Cause(ctx)
		cancel(nil)
		err = errors.Join(cause, err)
		return nil, nil, fmt.Errorf("cannot connect to Kafka at %s: %w%s", strings.Join(addresses, ", "), err, kafka.Advice(err))
	}
	return client, func() {
		client.Close() //nolint:errcheck // it was only read
		cancel(nil)
	}, nil
}

// bound has connections that end with the context, which the client library does not know: else it would wait on for its own limits.
func bound(ctx context.Context, config *sarama.Config) *sarama.Config {
	if config.Net.Proxy.Enable {
		return config
	}
	bounded := *config
	bounded.Net.Proxy.Enable = true
	bounded.Net.Proxy.Dialer = kafka.Dial(func(network, address string) (net.Conn, error) {
		dialer := net.Dialer{Timeout: config.Net.DialTimeout, KeepAlive: config.Net.KeepAlive, LocalAddr: config.Net.LocalAddr}
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { conn.Close() }) //nolint:errcheck // who waits on it gets the error
		if config.Net.TLS.Enable {
			return conn, nil
		}
		return kafka.Guarded(conn), nil
	})
	return &bounded
}
