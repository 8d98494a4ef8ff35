package kafka_site

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/logonce"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// maxRequestBytes limits a request with the batches of many topics.
const maxRequestBytes = 1 << 20

// sender delivers the records of the outbox to Kafka, in order for each topic, as soon as they are pending. doc.go draws its states.
type sender struct {
	network  network
	topics   *topicCreator
	outbox   *outbox.Outbox
	log      telegraf.Logger
	counters *counters
	agent    *agent
	now      func() time.Time
	onTick   func()
	// onRejected counts and logs a record that was parked.
	onRejected func(device string, at time.Time, outcome string, why error, value string)
	rejections *logonce.Log
	tick       time.Duration // between two calls of onTick

	results chan any // connectResult, lookupResult, produceResult, or closeResult
	retry   chan struct{}
	stop    chan time.Time // until when finish can take
	done    chan struct{}

	// run owns the fields from here to delivered.
	states     map[string]*topicState
	unresolved []*topicState // need their leaders
	backingOff map[*topicState]struct{}
	ready      map[*sarama.Broker][]*batch
	inFlight   map[*sarama.Broker]bool // has a request in flight
	requests   int                     // goroutines whose result is outstanding

	connecting, connected, lookingUp, stopping bool
	connectAt                                  time.Time
	connectFailures                            int
	connectionFailure                          logonce.Failure
	producerID                                 producerID
	delivered                                  time.Time // when a broker last acknowledged a batch

	mu        sync.Mutex
	lastErr   error
	lastTopic string // that lastErr is about; empty: the connection
}

// The results of what waits for a broker.
type (
	connectResult struct {
		id  producerID
		err error
	}
	lookupResult  []topicLookup
	produceResult struct {
		broker   *sarama.Broker
		batches  []*batch
		response *sarama.ProduceResponse
		err      error
	}
	closeResult struct{ err error }
)

func newSender(k *KafkaSite, settings *sarama.Config) *sender {
	creator := &topicCreator{create: k.CreateTopics, partitions: k.Partitions, replicationFactor: k.ReplicationFactor, log: k.Log}
	s := &sender{
		network: network{brokers: k.Brokers, config: settings}, topics: creator, outbox: k.outbox, log: k.Log, counters: k.counters,
		agent: newAgent(k), now: time.Now, onTick: k.tick, onRejected: k.reportRejected, rejections: k.rejections, tick: k.tickInterval,
	}
	if k.clock != nil {
		s.now = k.clock
	}
	return s
}

func (s *sender) start() {
	s.results, s.retry, s.stop, s.done = make(chan any, 16), make(chan struct{}, 1), make(chan time.Time), make(chan struct{})
	s.states, s.backingOff = make(map[string]*topicState), make(map[*topicState]struct{})
	s.ready, s.inFlight = make(map[*sarama.Broker][]*batch), make(map[*sarama.Broker]bool)
	go s.run()
}

func (s *sender) run() {
	defer close(s.done)
	ticker := time.NewTicker(s.tick)
	defer ticker.Stop()
	for {
		s.scheduleChanged()
		s.startRequests()
		timer := time.NewTimer(s.untilNextRetry())
		select {
		case <-s.outbox.Changed():
		case result := <-s.results:
			s.handle(result)
		case <-s.retry:
			s.skipBackoff()
		case <-timer.C:
		case <-ticker.C:
			s.onTick()
		case deadline := <-s.stop:
			timer.Stop()
			s.finish(deadline)
			return
		}
		timer.Stop()
	}
}

func (s *sender) handle(result any) {
	s.requests--
	switch r := result.(type) {
	case connectResult:
		s.handleConnect(r)
	case lookupResult:
		s.handleLookup(r)
	case produceResult:
		s.handleProduce(r)
	case closeResult:
		if r.err != nil {
			s.log.Debugf("Closing the Kafka client: %v", r.err)
		}
	}
}

// request runs what waits for a broker in a goroutine, which passes its result to run, unless that has ended.
func (s *sender) request(do func() any) {
	s.requests++
	go func() {
		select {
		case s.results <- do():
		case <-s.done:
		}
	}()
}

// scheduleChanged schedules the topics that got records.
func (s *sender) scheduleChanged() {
	for _, name := range s.outbox.DrainChanged() {
		t := s.states[name]
		if t == nil {
			t = &topicState{name: name, limit: maxBatchRecords}
			s.states[name] = t
		}
		if len(t.batches) == 0 {
			s.schedule(t)
		}
	}
}

// schedule does the next step of a topic, unless its leaders are being looked up or it backs off: it looks up the leaders, takes
// pending records, or makes batches ready for their brokers.
func (s *sender) schedule(t *topicState) {
	if t.backingOff || t.lookingUp {
		return
	}
	if len(t.leaders) == 0 || !t.producerID.known {
		t.lookingUp = true
		s.unresolved = append(s.unresolved, t)
		return
	}
	if len(t.batches) == 0 {
		t.addBatches(s.outbox.Next(t.name, t.limit, maxBatchBytes))
	}
	for _, b := range t.sendable() {
		leader := t.leaders[b.partition]
		b.scheduled = true
		s.ready[leader] = append(s.ready[leader], b)
	}
}

// startRequests starts every request that can be sent now.
func (s *sender) startRequests() {
	s.retryDue()
	if !s.connected {
		s.connect()
		return
	}
	s.lookUp()
	for broker := range s.ready {
		s.send(broker)
	}
}

// retryDue schedules the topics whose backoff is over.
func (s *sender) retryDue() {
	now := s.now()
	for t := range s.backingOff {
		if !now.Before(t.retryAt) {
			delete(s.backingOff, t)
			t.backingOff = false
			s.schedule(t)
		}
	}
}

// backOff retries a topic later, after looking up its leaders again.
func (s *sender) backOff(t *topicState, longest time.Duration) {
	t.leaders = nil
	t.fail(s.now(), longest)
	s.backingOff[t] = struct{}{}
}

// untilNextRetry returns how long to wait if no event arrives.
func (s *sender) untilNextRetry() time.Duration {
	next := s.tick
	now := s.now()
	for t := range s.backingOff {
		next = min(next, t.retryAt.Sub(now))
	}
	if !s.connected && !s.connecting && len(s.unresolved) > 0 {
		next = min(next, s.connectAt.Sub(now))
	}
	return max(next, 0)
}

// retryNow ends all backoffs, because a batch waits for its acknowledgement.
func (s *sender) retryNow() { signal(s.retry) }

func (s *sender) skipBackoff() {
	s.connectAt = s.now()
	for t := range s.backingOff {
		t.retryAt = s.now()
	}
}

// connect starts to connect if a topic needs that and its backoff is over.
func (s *sender) connect() {
	if s.connecting || len(s.unresolved) == 0 || s.now().Before(s.connectAt) {
		return
	}
	s.connecting = true
	topic := s.unresolved[0].name // a request for metadata needs a topic
	s.request(func() any {
		id, err := s.network.connect(topic)
		return connectResult{id, err}
	})
}

func (s *sender) handleConnect(r connectResult) {
	s.connecting = false
	brokers := strings.Join(s.network.brokers, ", ")
	if r.err != nil {
		err := fmt.Errorf("cannot connect to Kafka at %s: %w%s", brokers, r.err, s.advice(r.err))
		s.connectFailures++
		s.connectAt = s.now().Add(backoff(s.connectFailures, maxBackoff))
		s.setLastError("", err)
		reportFailure(&s.connectionFailure, s.log, s.now(), err)
		s.outbox.ReportFailure()
		return
	}
	s.connected, s.connectFailures, s.producerID = true, 0, r.id
	s.clearLastError("")
	s.connectionFailure.Recovered(s.log, "Connected to Kafka")
	s.log.Infof("Connected to Kafka at %s", brokers)
	if r.id == anonymous {
		s.log.Warnf("This user lacks IdempotentWrite on the cluster, which Kafka before 2.8 requires for idempotent producers: a lost answer can repeat a batch")
	}
}

// lookUp starts to look up the leaders of the topics that need them.
func (s *sender) lookUp() {
	if s.lookingUp || len(s.unresolved) == 0 {
		return
	}
	s.lookingUp = true
	lookups := make(lookupResult, 0, len(s.unresolved))
	for _, t := range s.unresolved {
		if !t.producerID.known && !t.needsNewID {
			t.setProducerID(s.producerID)
		}
		lookups = append(lookups, topicLookup{topic: t, name: t.name, refresh: t.failures > 0, newID: !t.producerID.known})
	}
	s.unresolved = nil
	client := s.network.current()
	s.request(func() any {
		for i := range lookups {
			lookups[i].err = lookups[i].do(client, s.topics)
		}
		return lookups
	})
}

func (s *sender) handleLookup(results lookupResult) {
	s.lookingUp = false
	for _, r := range results {
		t := r.topic
		t.lookingUp = false
		if r.err != nil {
			s.lookupFailed(t, r.err)
			continue
		}
		if r.newID {
			t.setProducerID(r.id)
		}
		t.leaders = r.leaders
		s.schedule(t)
	}
}

func (s *sender) lookupFailed(t *topicState, err error) {
	if isTopicError(err) {
		s.stall(t, err)
		return
	}
	s.setLastError(t.name, err)
	if answer, ok := errors.AsType[sarama.KError](err); !ok || answer == sarama.ErrSASLAuthenticationFailed {
		s.connectionFailed(err, t.failures > 0)
	} else {
		s.reportIfLasting(t, err)
	}
	s.backOff(t, maxBackoff)
}

// send starts a request to a broker with the batches that are ready for it, unless one is in flight.
func (s *sender) send(broker *sarama.Broker) {
	if s.inFlight[broker] {
		return
	}
	batches := s.nextRequest(broker)
	if len(batches) == 0 {
		return
	}
	s.inFlight[broker] = true
	now := s.now()
	for _, b := range batches {
		if !plausible(now) {
			s.counters.withoutTimestamp.Incr(int64(len(b.records)))
		}
		s.agent.addHealth(b, now)
	}
	request := newProduceRequest(s.network.config, batches, now)
	s.request(func() any {
		response, err := produce(broker, request)
		return produceResult{broker, batches, response, err}
	})
}

// nextRequest removes the batches of a request from those that are ready, and numbers them.
func (s *sender) nextRequest(broker *sarama.Broker) (batches []*batch) {
	ready := s.ready[broker]
	size := 0
	for len(ready) > 0 && size < maxRequestBytes {
		b := ready[0]
		ready = ready[1:]
		if !b.topic.assignSequence(b) {
			b.scheduled = false
			s.requestNewID(b.topic)
			continue
		}
		for _, r := range b.records {
			size += len(r.Value) + len(r.Device)
		}
		batches = append(batches, b)
	}
	if s.ready[broker] = ready; len(ready) == 0 {
		delete(s.ready, broker)
	}
	return batches
}

// requestNewID gets a topic a new producer ID before it continues.
func (s *sender) requestNewID(t *topicState) {
	t.producerID, t.needsNewID = producerID{}, true
	s.backOff(t, maxBackoff)
	t.retryAt = s.now()
}

func (s *sender) handleProduce(r produceResult) {
	delete(s.inFlight, r.broker)
	for _, b := range r.batches {
		b.scheduled = false
		if r.err != nil {
			s.noAnswer(b, r.err)
		} else if block := r.response.GetBlock(b.topic.name, b.partition); block == nil {
			s.noAnswer(b, sarama.ErrIncompleteResponse)
		} else {
			s.handleAnswer(b, block.Err)
		}
	}
}

// noAnswer handles a batch that may or may not have been appended. It is sent again unchanged, so that the broker recognizes it.
func (s *sender) noAnswer(b *batch, err error) {
	t := b.topic
	b.maybeAppended = true
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		t.limit = max(1, len(b.records)/2)
		if b.timeouts++; b.timeouts > 1 && len(b.records) > 1 { // the link may be too slow for a batch of this size
			t.split(b)
		}
	}
	err = fmt.Errorf("topic %q: %w", t.name, err)
	s.setLastError(t.name, fmt.Errorf("%w%s", err, s.advice(err)))
	if !t.backingOff {
		s.connectionFailed(err, t.failures > 0)
		s.backOff(t, maxBackoff)
	}
}

// handleAnswer handles the broker's answer for a batch.
func (s *sender) handleAnswer(b *batch, answer sarama.KError) {
	err := wrapTopic(b.topic.name, answer)
	switch answer {
	case sarama.ErrNoError, sarama.ErrDuplicateSequenceNumber:
		s.acknowledged(b)
	case sarama.ErrMessageSizeTooLarge, sarama.ErrMessageSetSizeTooLarge, sarama.ErrInvalidRecord:
		s.rejected(b, err)
	case sarama.ErrInvalidTimestamp:
		s.omitTimestamps(b, err)
	case sarama.ErrOutOfOrderSequenceNumber, sarama.ErrUnknownProducerID, sarama.ErrInvalidProducerEpoch, sarama.ErrInvalidProducerIDMapping:
		s.resendWithNewID(b)
	case sarama.ErrTopicAuthorizationFailed, sarama.ErrClusterAuthorizationFailed, sarama.ErrUnknownTopicOrPartition:
		s.retryLater(b.topic, err)
	default:
		if s.failsAlone(b.topic) {
			s.stall(b.topic, err)
			return
		}
		s.retryLater(b.topic, err)
	}
}

func (s *sender) acknowledged(b *batch) {
	t := b.topic
	t.acknowledged(b)
	t.failures, s.delivered = 0, s.now()
	t.health.sent(b, s.delivered)
	t.limit = min(maxBatchRecords, max(t.limit, len(b.records)*2))
	s.counters.written.Incr(int64(len(b.records)))
	s.outbox.Acknowledge(b.records)
	t.failure.Recovered(s.log, fmt.Sprintf("Topic %q is writable again", t.name))
	s.connectionFailure.Recovered(s.log, "Kafka is reachable again")
	s.clearLastError(t.name)
	s.clearLastError("")
	s.schedule(t)
}

// rejected finds the record for which a broker rejected a batch, because the answer is for the whole batch. What a record carries in addition
// to the reading, health and skipped numbers, must not be the reason.
func (s *sender) rejected(b *batch, err error) {
	t := b.topic
	b.numbered = false
	switch {
	case len(b.records) > 1:
		t.split(b)
	case len(b.health) > 0:
		b.withoutHealth = true
	case !b.withoutSkips && len(b.records[0].Skipped) > 0:
		s.sendWithoutSkips(b)
	default:
		t.replace(b)
		s.park(b.records[0], err)
	}
	s.schedule(t)
}

// sendWithoutSkips leaves the skipped numbers that a record lists to later ones.
func (s *sender) sendWithoutSkips(b *batch) {
	b.withoutSkips = true
	if r := b.records[0]; !s.outbox.DeferSkips(r) {
		s.rejections.Warnf("skips "+b.topic.name, "Topic %q does not allow records of device %q to list which numbers were parked or dropped (%s): "+
			"stationctl audit reports these numbers as lost. Raise max.message.bytes of the topic", b.topic.name, r.Device, skipped(r))
	}
}

func (s *sender) park(r *outbox.Record, err error) {
	s.outbox.Park(r, err.Error(), func(parkErr error) { // called by a goroutine of the outbox
		s.onRejected(r.Device, time.Unix(0, r.Time), parkOutcome(parkErr), err, string(r.Value))
	})
}

// omitTimestamps sends the records of a topic without a Kafka timestamp from now on: the broker rejects those more than an hour ahead of its
// clock.
func (s *sender) omitTimestamps(b *batch, err error) {
	t := b.topic
	if t.withoutTimestamps {
		s.retryLater(t, err)
		return
	}
	t.withoutTimestamps = true
	s.log.Warnf("Topic %q: the broker rejected the timestamp %s: the clock of this machine or of the broker is wrong. Sending records without a Kafka timestamp; "+
		"the time in the readings comes from this machine's clock", t.name, s.now().UTC().Format(time.RFC3339))
	s.counters.withoutTimestamp.Incr(int64(len(b.records)))
	s.schedule(t)
}

// resendWithNewID sends a batch under a new producer ID: the broker has forgotten the old one, as after the retention of the topic.
// If it may have been appended, it can arrive twice.
func (s *sender) resendWithNewID(b *batch) {
	if b.maybeAppended {
		s.counters.repeated.Incr(int64(len(b.records)))
	}
	if !b.topic.backingOff {
		s.requestNewID(b.topic)
	}
}

// failsAlone reports whether a topic has failed for long while others were written, so that the problem is its own.
func (s *sender) failsAlone(t *topicState) bool {
	return t.failures >= 5 && s.delivered.After(t.failingSince)
}

// stall returns the records of a topic to the outbox: they cannot be delivered for a reason of their own, and must not block the rest.
func (s *sender) stall(t *topicState, err error) {
	if t.hasScheduled() {
		s.retryLater(t, err)
		return
	}
	t.batches = nil
	s.setLastError(t.name, err)
	reportFailure(&t.failure, s.log, s.now(), err)
	s.backOff(t, maxStalledBackoff)
	s.outbox.Stall(t.name)
}

func (s *sender) retryLater(t *topicState, err error) {
	s.setLastError(t.name, err)
	if !t.backingOff {
		s.reportIfLasting(t, err)
		s.backOff(t, maxBackoff)
	}
}

// reportIfLasting logs an answer that usually resolves on its own and often comes for many topics together, such as a change of leader or a new
// topic that not every broker has, if it lasts.
func (s *sender) reportIfLasting(t *topicState, err error) {
	if isTopicError(err) || t.failures >= 3 {
		reportFailure(&t.failure, s.log, s.now(), err)
	}
}

// connectionFailed handles that no broker answers. The first time is not logged: brokers close connections that were idle for long.
func (s *sender) connectionFailed(err error, repeated bool) {
	if s.stopping {
		return // we closed the connection
	}
	err = fmt.Errorf("no Kafka broker is reachable: %w%s", err, s.advice(err))
	s.setLastError("", err)
	s.outbox.ReportFailure()
	if repeated {
		reportFailure(&s.connectionFailure, s.log, s.now(), err)
	}
}

// advice returns the fix for a connection error. Once Kafka has answered, the options of the connection are right.
func (s *sender) advice(err error) string {
	if s.connected {
		return kafka.AdviceAfterDrop(err)
	}
	return kafka.Advice(err)
}

// close stops the sender by the deadline, and waits until it has ended.
func (s *sender) close(deadline time.Time) {
	s.stop <- deadline
	<-s.done
}

// finish waits a little for the answers in flight and then closes all connections.
func (s *sender) finish(deadline time.Time) {
	s.stopping = true
	answers := min(answerTimeout, time.Until(deadline)/2)
	s.handleUntil(time.NewTimer(answers), func() bool { return len(s.inFlight) == 0 })
	s.network.forbidConnections()
	s.request(func() any { return closeResult{s.network.closeClient()} }) // waits for the library's own goroutine, which may wait for a broker
	s.handleUntil(time.NewTimer(time.Until(deadline)), func() bool { return false })
}

// handleUntil handles outstanding results until there are none, isDone, or the timer fires.
func (s *sender) handleUntil(timer *time.Timer, isDone func() bool) {
	defer timer.Stop()
	for s.requests > 0 && !isDone() {
		select {
		case result := <-s.results:
			s.handle(result)
		case <-timer.C:
			return
		}
	}
}

func (s *sender) setLastError(topic string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastTopic, s.lastErr = topic, err
}

func (s *sender) clearLastError(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastTopic == topic {
		s.lastTopic, s.lastErr = "", nil
	}
}

// lastError returns why records are pending, or nil if that is unknown.
func (s *sender) lastError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastErr
}
