package kafka_site

import (
	"errors"
	"fmt"
	"strings"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
)

// connect begins an attempt to reach a broker, if a topic needs one and it is time.
func (s *sender) connect() {
	if s.connecting || len(s.unknown) == 0 || s.now().Before(s.connectAt) {
		return
	}
	s.connecting = true
	topic := s.unknown[0].name // metadata is fetched by topic
	s.spawn(func() func() {
		id, err := s.open(topic)
		return func() { s.opened(id, err) }
	})
}

// open makes the client and asks a broker who we are.
func (s *sender) open(topic string) (identity, error) {
	client, err := s.newClient()
	if err != nil {
		return identity{}, err
	}
	if err = reach(client, topic); err == nil {
		var id identity
		if id, err = newIdentity(client); err == nil {
			return id, nil
		}
	}
	return identity{}, errors.Join(err, s.dropClient())
}

func (s *sender) opened(id identity, err error) {
	s.connecting = false
	if err != nil {
		err = fmt.Errorf("cannot connect to Kafka at %s: %w%s", strings.Join(s.brokers, ", "), err, kafka.Advice(err))
		s.failures++
		s.connectAt = s.now().Add(pause(s.failures, longestPause))
		s.blame("", err)
		s.connection.begin(s.log, s.now(), err)
		s.outbox.ReportFailure()
		return
	}
	s.connected, s.failures, s.identity = true, 0, id
	s.excuse("")
	s.connection.end(s.log, "Connected to Kafka")
	s.log.Infof("Connected to Kafka at %s", strings.Join(s.brokers, ", "))
	if id == anonymous {
		s.log.Warnf("This user may not use Kafka's idempotent producer (IdempotentWrite on the cluster, needed before Kafka 2.8): an answer that is lost may repeat a batch")
	}
}

func (s *sender) newClient() (sarama.Client, error) {
	client, err := sarama.NewClient(s.brokers, s.config) // asks a broker only with metadata_full, and then takes its time
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.Join(sarama.ErrClosedClient, client.Close())
	}
	s.client = client
	return client, nil
}

func (s *sender) dropClient() error {
	s.mu.Lock()
	client := s.client
	s.client = nil
	s.mu.Unlock()
	if client == nil || client.Closed() {
		return nil
	}
	return client.Close()
}

// disconnect makes what is under way fail, and what comes later.
func (s *sender) disconnect() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.spawn(func() func() { // it waits for the library's own goroutine, which may be asking a broker
		err := s.dropClient()
		return func() {
			if err != nil {
				s.log.Debugf("Closing the Kafka client: %v", err)
			}
		}
	})
}

// reach asks a broker for metadata. That the topic is missing or denied is an answer too.
func reach(client sarama.Client, topic string) error {
	err := client.RefreshMetadata(topic)
	answer, ok := errors.AsType[sarama.KError](err)
	if ok && answer != sarama.ErrSASLAuthenticationFailed {
		return nil //nolint:nilerr // that is the answer which was wanted
	}
	return err
}

// newIdentity asks for a producer's identity. Before Kafka 2.8 that is a right of its own; without it the batches are anonymous.
func newIdentity(client sarama.Client) (identity, error) {
	response, err := client.InitProducerID()
	if err != nil {
		return identity{}, err
	}
	switch {
	case errors.Is(response.Err, sarama.ErrClusterAuthorizationFailed):
		return anonymous, nil
	case response.Err != sarama.ErrNoError:
		return identity{}, fmt.Errorf("no producer id: %w", response.Err)
	}
	return identity{response.ProducerID, response.ProducerEpoch, true}, nil
}
