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

// connectTimeout limits the first response of Kafka. With the limits of the client library, a broker that accepts connections and never
// responds takes three minutes (tried).
const connectTimeout = time.Minute

// NewConfig returns the configuration of a client that creates no topics and reads only what is requested.
func NewConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.ClientID = "stationctl"
	config.Version = sarama.V2_8_0_0
	config.Metadata.AllowAutoTopicCreation = false
	config.Metadata.Retry.Max = 1
	config.Consumer.Return.Errors = true
	// A new topic waits for the fetch in flight: with the default of 500 ms, 300 topics took 29 s instead of 7.6 s.
	config.Consumer.MaxWaitTime = 50 * time.Millisecond
	return config
}

// Connect returns a client whose connections close with the context, and a function that closes both. A nil config is that of NewConfig.
func Connect(ctx context.Context, addresses []string, config *sarama.Config) (sarama.Client, func(), error) {
	if config == nil {
		config = NewConfig()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(connectTimeout, func() { cancel(fmt.Errorf("no answer within %s", connectTimeout)) })
	client, err := sarama.NewClient(addresses, bound(ctx, config))
	timer.Stop()
	if err != nil {
		cause := context.Cause(ctx)
		cancel(nil)
		err = errors.Join(cause, err)
		return nil, nil, fmt.Errorf("cannot connect to Kafka at %s: %w%s", strings.Join(addresses, ", "), err, kafka.FlagAdvice(err))
	}
	return client, func() {
		client.Close() //nolint:errcheck // it was only read
		cancel(nil)
	}, nil
}

// bound returns a configuration whose connections close with the context, which the client library does not support: it would wait for its
// own limits.
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
		context.AfterFunc(ctx, func() { conn.Close() }) //nolint:errcheck // a pending read returns the error
		if config.Net.TLS.Enable {
			return conn, nil
		}
		return kafka.Guarded(conn), nil
	})
	return &bounded
}
