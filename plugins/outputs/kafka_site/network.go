package kafka_site

import (
	"errors"
	"fmt"
	"sync"

	"github.com/IBM/sarama"
)

// network has the connections to Kafka. Its methods and the functions of this file wait for a broker, so the sender calls them in
// goroutines of their own.
type network struct {
	brokers []string
	config  *sarama.Config

	mu     sync.Mutex
	client sarama.Client
	closed bool
}

// connect connects to a broker and requests a producer ID.
func (n *network) connect(topic string) (producerID, error) {
	client, err := n.newClient()
	if err != nil {
		return producerID{}, err
	}
	if err = reach(client, topic); err == nil {
		var id producerID
		if id, err = newProducerID(client); err == nil {
			return id, nil
		}
	}
	return producerID{}, errors.Join(err, n.closeClient())
}

func (n *network) newClient() (sarama.Client, error) {
	client, err := sarama.NewClient(n.brokers, n.config) // waits for a broker with metadata_full only
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, errors.Join(sarama.ErrClosedClient, client.Close())
	}
	n.client = client
	return client, nil
}

func (n *network) current() sarama.Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.client
}

// forbidConnections makes a connect in progress fail, and later ones.
func (n *network) forbidConnections() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
}

// closeClient makes all requests in flight fail.
func (n *network) closeClient() error {
	n.mu.Lock()
	client := n.client
	n.client = nil
	n.mu.Unlock()
	if client == nil || client.Closed() {
		return nil
	}
	return client.Close()
}

// reach requests metadata from a broker. That the topic is missing or denied is an answer, too.
func reach(client sarama.Client, topic string) error {
	err := client.RefreshMetadata(topic)
	answer, ok := errors.AsType[sarama.KError](err)
	if ok && answer != sarama.ErrSASLAuthenticationFailed {
		return nil //nolint:nilerr // an answer
	}
	return err
}

// newProducerID requests a producer ID. Before Kafka 2.8 that needs a permission of its own; without it, batches are anonymous.
func newProducerID(client sarama.Client) (producerID, error) {
	response, err := client.InitProducerID()
	if err != nil {
		return producerID{}, err
	}
	switch {
	case errors.Is(response.Err, sarama.ErrClusterAuthorizationFailed):
		return anonymous, nil
	case response.Err != sarama.ErrNoError:
		return producerID{}, fmt.Errorf("no producer ID: %w", response.Err)
	}
	return producerID{response.ProducerID, response.ProducerEpoch, true}, nil
}

// topicLookup finds the leaders of a topic, which is created if it is missing, and a new producer ID if one is needed. The sender uses topic while
// the lookup runs, so the lookup has copies of what it reads.
type topicLookup struct {
	topic          *topicState
	name           string
	refresh, newID bool

	leaders []*sarama.Broker
	id      producerID
	err     error
}

func (l *topicLookup) do(client sarama.Client, creator *topicCreator) error {
	if err := creator.ensure(client, l.name, l.refresh); err != nil {
		return err
	}
	partitions, err := client.Partitions(l.name)
	if err != nil {
		return wrapTopic(l.name, err)
	}
	for i := range int32(len(partitions)) { //nolint:gosec // Kafka's own limit
		leader, err := client.Leader(l.name, i)
		if err != nil {
			return fmt.Errorf("topic %q, partition %d: %w", l.name, i, err)
		}
		l.leaders = append(l.leaders, leader)
	}
	if l.newID {
		l.id, err = newProducerID(client)
	}
	return err
}

// produce sends a request and waits for its answer. The library's own Produce would lock the connection until the answer arrives, so that
// requests for metadata would wait, too.
func produce(broker *sarama.Broker, request *sarama.ProduceRequest) (*sarama.ProduceResponse, error) {
	type answer struct {
		response *sarama.ProduceResponse
		err      error
	}
	answers := make(chan answer, 1)
	err := broker.AsyncProduce(request, func(response *sarama.ProduceResponse, err error) { answers <- answer{response, err} })
	if err != nil {
		_ = broker.Close() // it is opened again when it is next the leader
		return nil, err
	}
	got := <-answers
	if got.err != nil {
		_ = broker.Close()
	}
	return got.response, got.err
}
