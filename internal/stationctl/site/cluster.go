package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/plugins/common/kafka"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
)

// adminTimeout is what brokers have for one change. The library's own is 3 s, after which a change may have been made or not.
const adminTimeout = 30 * time.Second

// Cluster is a Kafka cluster that we administer.
type Cluster struct {
	client sarama.Client
	admin  sarama.ClusterAdmin
	close  func()
	// Retried is told of each request that is tried again, and why: of several at once. Nil: nobody is.
	Retried func(error)

	toCreate *batch[newTopic]
	toSet    *batch[setting]
	toPermit *batch[rule]
	toUpsert *batch[sarama.AlterUserScramCredentialsUpsert]
}

// Open connects; all connections end with the context. Close ends them before.
func Open(ctx context.Context, brokers []string, config *sarama.Config) (*Cluster, error) {
	settings := *config
	settings.Admin.Timeout = adminTimeout
	settings.Net.ReadTimeout = 2 * adminTimeout // so that we hear of a change that was given up
	return connect(ctx, brokers, &settings)
}

func connect(ctx context.Context, brokers []string, config *sarama.Config) (*Cluster, error) {
	client, closeClient, err := audit.Connect(ctx, brokers, config)
	if err != nil {
		return nil, err
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		closeClient()
		return nil, err
	}
	c := &Cluster{client: client, admin: admin, close: closeClient}
	c.fillBatches(ctx)
	return c, nil
}

// fillBatches says how changes are sent. None of them changes anything when it comes twice.
func (c *Cluster) fillBatches(ctx context.Context) {
	create := func(topics []newTopic) []error { return c.createTopics(topics, false) }
	p := newPatience()
	c.toCreate = &batch[newTopic]{send: again(ctx, p, c.renew, create), most: changesAtOnce, senders: 1}
	c.toSet = &batch[setting]{send: again(ctx, p, c.renew, c.alterTopics), most: changesAtOnce, senders: 1}
	c.toPermit = &batch[rule]{send: again(ctx, p, c.renew, c.createRules), most: changesAtOnce, senders: 1}
	c.toUpsert = &batch[sarama.AlterUserScramCredentialsUpsert]{
		send: again(ctx, p, c.renew, c.upsertUsers), most: usersAtOnce, senders: runtime.GOMAXPROCS(0),
	}
}

// renew closes the connection that changes go by, since the library keeps one that timed out and fails each later request on it; and it
// asks anew which broker is the controller.
func (c *Cluster) renew(err error) {
	if c.Retried != nil {
		c.Retried(err)
	}
	_, _ = c.client.RefreshController() // what is wrong with it, the next request says
}

// Close ends the connections.
func (c *Cluster) Close() { c.close() }

// explain says what to do about an error of Kafka.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sarama.ErrSecurityDisabled):
		return fmt.Errorf("this Kafka keeps no ACLs, so everybody may write every topic: have authorizer.class.name set on its brokers (%w)", err)
	case errors.Is(err, sarama.ErrClusterAuthorizationFailed), errors.Is(err, sarama.ErrTopicAuthorizationFailed):
		return fmt.Errorf("Kafka does not allow this: log in as an administrator, one of the brokers' super.users (%w)", err) //nolint:staticcheck // a name
	case errors.Is(err, sarama.ErrUnsupportedVersion):
		return fmt.Errorf("this Kafka is too old: users that Kafka keeps itself need 2.7 (%w)", err)
	}
	return err
}

// accepts tries to log in as a user, as stations do. It is not known where the administrator needs no login, or comes in by a listener
// that has none of this kind, nor if no broker answers.
func (c *Cluster) accepts(user, password string) (accepted, known bool) {
	config := *c.client.Config()
	if !config.Net.SASL.Enable {
		return false, false
	}
	config.Net.SASL.Mechanism, config.Net.SASL.User, config.Net.SASL.Password = sarama.SASLTypeSCRAMSHA512, user, password
	config.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &kafka.XDGSCRAMClient{HashGeneratorFcn: kafka.SHA512} }
	broker, err := c.dial(&config)
	if err == nil {
		broker.Close() //nolint:errcheck // it was only tried
		return true, true
	}
	return false, errors.Is(err, sarama.ErrSASLAuthenticationFailed) || errors.Is(err, io.EOF) // some brokers only hang up
}

// dial makes a connection of its own, logged in, to where changes go.
func (c *Cluster) dial(config *sarama.Config) (*sarama.Broker, error) {
	controller, err := c.admin.Controller()
	if err != nil {
		return nil, err
	}
	broker := sarama.NewBroker(controller.Addr())
	if err := broker.Open(config); err != nil {
		return nil, err
	}
	if _, err := broker.Connected(); err != nil { // known when the login is over
		return nil, err
	}
	return broker, nil
}

// describeClusterKey is a request that brokers know since 2.8.
const describeClusterKey = 60

// needsIdempotentWrite says that the brokers want a right on the cluster of whoever numbers his records. Since 2.8 (KIP-679) the right
// to write a topic is enough.
func (c *Cluster) needsIdempotentWrite() (bool, error) {
	broker, err := c.admin.Controller()
	if err != nil {
		return false, err
	}
	versions, err := broker.ApiVersions(&sarama.ApiVersionsRequest{})
	if err != nil {
		return false, err
	}
	for _, key := range versions.ApiKeys {
		if key.ApiKey == describeClusterKey {
			return false, nil
		}
	}
	return true, nil
}
