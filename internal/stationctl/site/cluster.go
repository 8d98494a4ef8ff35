package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// Cluster administers a Kafka cluster.
type Cluster struct {
	admin    *kadm.Client
	client   *kgo.Client // the same connections, for requests that kadm does not have
	brokers  []string
	config   *sarama.Config
	timeouts kafka.Timeouts
	// Retried is called with the cause of each retry, concurrently; may be nil.
	Retried func(error)

	toCreate *batch[newTopic]
	toSet    *batch[setting]
	toPermit *batch[rule]
	toUpsert *batch[kadm.UpsertSCRAM]
}

// Open connects to the brokers. Close closes the connections.
func Open(ctx context.Context, brokers []string, config *sarama.Config) (*Cluster, error) {
	return connect(ctx, brokers, config, kafka.DefaultTimeouts())
}

func connect(ctx context.Context, brokers []string, config *sarama.Config, timeouts kafka.Timeouts) (*Cluster, error) {
	admin, client, err := kafka.OpenAdmin(ctx, brokers, config, timeouts)
	if err != nil {
		return nil, err
	}
	c := &Cluster{admin: admin, client: client, brokers: brokers, config: config, timeouts: timeouts}
	c.toCreate = &batch[newTopic]{send: retrying(ctx, c, c.createTopics), most: changesAtOnce, senders: 1}
	c.toSet = &batch[setting]{send: retrying(ctx, c, c.alterTopics), most: changesAtOnce, senders: 1}
	c.toPermit = &batch[rule]{send: retrying(ctx, c, c.createRules), most: changesAtOnce, senders: 1}
	c.toUpsert = &batch[kadm.UpsertSCRAM]{send: retrying(ctx, c, c.upsertUsers), most: usersAtOnce, senders: runtime.GOMAXPROCS(0)}
	return c, nil
}

// retrying returns send with retries; none of our requests changes anything the second time.
func retrying[T any](ctx context.Context, c *Cluster, send func(context.Context, []T) []error) func([]T) []error {
	report := func(err error) {
		if c.Retried != nil {
			c.Retried(err)
		}
	}
	return retry(ctx, defaultBackoff(), report, func(items []T) []error { return send(ctx, items) })
}

// Close closes all connections.
func (c *Cluster) Close() { c.admin.Close() }

// explain adds the fix to an error from Kafka.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kerr.SecurityDisabled):
		return fmt.Errorf("this Kafka has no ACLs, so all users can write to every topic; set authorizer.class.name on its brokers (%w)", err)
	case errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Errorf("not authorized; log in as an administrator, one of the brokers' super.users (%w)", err)
	case errors.Is(err, kerr.UnsupportedVersion):
		return fmt.Errorf("this Kafka is too old; SCRAM users that Kafka stores require 2.7 (%w)", err)
	}
	return err
}

// accepts reports whether Kafka accepts a station's login. It is unknown if the administrator needs no login, uses a listener without
// SCRAM, or no broker answers.
func (c *Cluster) accepts(ctx context.Context, user, password string) (accepted, known bool) {
	if !c.config.Net.SASL.Enable {
		return false, false
	}
	config := *c.config
	config.Net.SASL.Mechanism, config.Net.SASL.User, config.Net.SASL.Password = sarama.SASLTypeSCRAMSHA512, user, password
	admin, _, err := kafka.OpenAdmin(ctx, c.brokers, &config, c.timeouts)
	if err == nil {
		admin.Close()
		return true, true
	}
	return false, errors.Is(err, kerr.SaslAuthenticationFailed) || errors.Is(err, io.EOF) // some brokers only hang up
}

// describeClusterKey is a request that brokers support since 2.8.
const describeClusterKey = 60

// needsIdempotentWrite reports whether the brokers require a right on the cluster from idempotent producers. Since 2.8 (KIP-679) the
// right to write to a topic is enough.
func (c *Cluster) needsIdempotentWrite(ctx context.Context) (bool, error) {
	brokers, err := c.admin.ApiVersions(ctx)
	if err != nil {
		return false, err
	}
	for _, b := range brokers {
		if b.Err == nil {
			_, supported := b.KeyMaxVersion(describeClusterKey)
			return !supported, nil
		}
		err = b.Err
	}
	return false, err
}
