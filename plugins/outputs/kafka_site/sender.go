package kafka_site

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"
)

// sender writes records to Kafka.
type sender struct {
	brokers  []string
	config   *sarama.Config
	epoch    string
	topics   *topics
	log      telegraf.Logger
	counters *counters

	// reasons counts the records of a batch that were given up, by why.
	reasons map[string]int

	// mu guards client and closed: disconnect comes while a delivery is under way.
	mu       sync.Mutex
	closed   bool
	client   sarama.Client
	producer sarama.SyncProducer
}

// send writes the records and settles those that are acknowledged or can never be.
// The error tells why others are not; a topic that is missing keeps its own records only.
func (s *sender) send(records []*record) error {
	if len(records) == 0 {
		return nil
	}
	if err := s.connect(records[0].identity.device.topic); err != nil {
		return err
	}
	ready, failures := s.withTopic(records)
	stopped := make(map[device]bool)
	for _, wave := range waves(ready) {
		for _, failed := range s.sendWave(wave, stopped) {
			stopped[failed.record.identity.device] = true
			failures = append(failures, failed)
		}
	}
	for _, failed := range failures {
		s.topics.doubt(failed.record.identity.device.topic)
	}
	return summary(failures, len(records))
}

// waves puts the n-th record of each device into the n-th wave. A wave is acknowledged before the next is sent: the producer cuts
// a larger batch into requests of which a later one may succeed although an earlier one failed, and the order would be lost.
func waves(records []*record) [][]*record {
	var all [][]*record
	counts := make(map[device]int)
	for _, r := range records {
		n := counts[r.identity.device]
		counts[r.identity.device]++
		if n == len(all) {
			all = append(all, nil)
		}
		all[n] = append(all[n], r)
	}
	return all
}

// errBehind is the failure of a record that waits for an earlier one of its device.
var errBehind = errors.New("the records behind one that is not written wait for it")

// sendWave sends the records of those devices which are not stopped by a failure.
func (s *sender) sendWave(wave []*record, stopped map[device]bool) (failures []failure) {
	var ready []*record
	for _, r := range wave {
		if stopped[r.identity.device] {
			failures = append(failures, failure{r, errBehind})
			continue
		}
		ready = append(ready, r)
	}
	if len(ready) == 0 {
		return failures
	}
	return append(failures, s.produce(ready)...)
}

// connect opens the client and the producer; topic is any that is in use, since metadata is fetched by topic.
func (s *sender) connect(topic string) error {
	if s.producer != nil {
		return nil
	}
	client, err := s.newClient()
	if err != nil {
		return s.notConnected(err)
	}
	var producer sarama.SyncProducer
	if err = reach(client, topic); err == nil {
		producer, err = sarama.NewSyncProducerFromClient(client)
	}
	if err != nil {
		return s.notConnected(errors.Join(err, client.Close()))
	}
	s.producer = producer
	s.log.Infof("Connected to Kafka at %s", strings.Join(s.brokers, ", "))
	return nil
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

func (s *sender) notConnected(err error) error {
	return fmt.Errorf("cannot connect to Kafka at %s: %w%s", strings.Join(s.brokers, ", "), err, hint(err))
}

// hint explains what sarama reports as a bare EOF.
func hint(err error) string {
	if errors.Is(err, io.EOF) {
		return ": the broker closed the connection: does it want TLS or SASL (enable_tls, sasl_mechanism), or refuse the password?"
	}
	return ""
}

// reach asks a broker for metadata. That the topic is missing or denied is an answer too;
// NewSyncProducerFromClient, which would try for producerRetries, shall not be the first to notice that nobody is there.
func reach(client sarama.Client, topic string) error {
	err := client.RefreshMetadata(topic)
	answer, ok := errors.AsType[sarama.KError](err)
	if ok && answer != sarama.ErrSASLAuthenticationFailed {
		return nil //nolint:nilerr // that is the answer which was wanted
	}
	return err
}

// failure is a record that was not acknowledged this time.
type failure struct {
	record *record
	err    error
}

// withTopic returns the records whose topics exist and the failures of the others.
func (s *sender) withTopic(records []*record) (ready []*record, failures []failure) {
	missing := make(map[string]error)
	for _, r := range records {
		topic := r.identity.device.topic
		err, asked := missing[topic]
		if !asked {
			err = s.topics.ensure(s.client, topic)
			missing[topic] = err
		}
		if err != nil {
			failures = append(failures, failure{r, err})
			continue
		}
		ready = append(ready, r)
	}
	return ready, failures
}

// produce sends records and looks at each one's answer.
func (s *sender) produce(records []*record) []failure {
	messages := make([]*sarama.ProducerMessage, 0, len(records))
	failed := make(map[*record]error)
	for _, r := range records {
		messages = append(messages, r.message(s.epoch))
	}
	s.collect(s.producer.SendMessages(messages), records, failed)
	var failures []failure
	for _, r := range records {
		err, found := failed[r]
		if found && hopeless(err) && len(records) > 1 {
			// A broker refuses a whole request for one bad record in it; alone it shows which one it is.
			failures = append(failures, s.produce([]*record{r})...)
			continue
		}
		switch {
		case !found:
			r.settled = true
			s.counters.written.Incr(1)
		case hopeless(err):
			s.giveUp(r, err)
		default:
			failures = append(failures, failure{r, err})
		}
	}
	return failures
}

// collect notes the error of each message; one that is not of the producer is every message's.
func (s *sender) collect(err error, records []*record, failed map[*record]error) {
	if each, ok := errors.AsType[sarama.ProducerErrors](err); ok {
		for _, producerError := range each {
			r := producerError.Msg.Metadata.(*record)
			failed[r] = wrapTopic(r.identity.device.topic, producerError.Err)
		}
		return
	}
	if err != nil {
		for _, r := range records {
			failed[r] = err
		}
	}
}

// hopeless tells whether a record can never be written, however often it is tried.
func hopeless(err error) bool {
	for _, permanent := range []error{
		sarama.ErrMessageSizeTooLarge, sarama.ErrMessageSetSizeTooLarge, sarama.ErrInvalidRecord,
	} {
		if errors.Is(err, permanent) {
			return true
		}
	}
	_, unfit := errors.AsType[sarama.ConfigurationError](err) // what the producer itself refuses, such as a record above max_message_bytes
	return unfit
}

// countReasons tells how many more records of a batch were given up for a reason that was logged with the first.
func (s *sender) countReasons() {
	for reason, count := range s.reasons {
		if count > 1 {
			s.log.Errorf("%d more records are given up for the same reason: %s", count-1, reason)
		}
	}
	clear(s.reasons)
}

// giveUp settles a record that can never be written, and says so, once for each reason in a batch: it holds up nobody else.
func (s *sender) giveUp(r *record, err error) {
	r.settled = true
	s.counters.rejected.Incr(1)
	value := ""
	if r.identity.value != "" {
		value = fmt.Sprintf(": %.300q", r.identity.value)
	}
	if s.reasons == nil {
		s.reasons = make(map[string]int)
	}
	if s.reasons[err.Error()]++; s.reasons[err.Error()] > 1 {
		return
	}
	s.log.Errorf("Record of device %q at %s cannot be written and is given up: %v%s",
		r.identity.device.id, r.time.UTC().Format("2006-01-02T15:04:05.999Z"), err, value)
}

// summary is one error for the failures: how many there are, and each cause once.
func summary(failures []failure, tried int) error {
	if len(failures) == 0 {
		return nil
	}
	var causes []error
	seen := make(map[string]bool)
	for _, f := range failures {
		if text := f.err.Error(); !seen[text] && !errors.Is(f.err, errBehind) {
			seen[text] = true
			causes = append(causes, f.err)
		}
	}
	return fmt.Errorf("%d of %d records are not written yet: %w", len(failures), tried, errors.Join(causes...))
}

// disconnect makes a delivery that is under way fail, and every later one.
func (s *sender) disconnect() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.client == nil || s.client.Closed() {
		return nil
	}
	return s.client.Close()
}

// close ends the producer; it must not be called during a delivery, since sarama panics on a record for a closed producer.
func (s *sender) close() error {
	if s.producer == nil {
		return nil
	}
	err := s.producer.Close()
	s.producer = nil
	return err
}
