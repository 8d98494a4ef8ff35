package kafka_site

import (
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/outbox"
)

// sender brings the records of the outbox to Kafka, each topic's in order, as soon as they are there. One goroutine (run) decides;
// what takes time, the network, is done by others that hand their result back as an event. Nothing here waits for a broker.
type sender struct {
	brokers  []string
	config   *sarama.Config
	topics   *topics
	outbox   *outbox.Outbox
	log      telegraf.Logger
	counters *counters
	agent    *agent
	now      func() time.Time

	// ticking is done every tick.
	ticking func()

	events chan func()
	stop   chan struct{}
	ended  chan struct{}

	// What follows belongs to run.
	queues map[string]*topicQueue
	// unknown are to be looked up, waiting to be tried later, ready to be sent to a broker.
	unknown []*topicQueue
	waiting map[*topicQueue]struct{}
	ready   map[*sarama.Broker][]*part
	busy    map[*sarama.Broker]bool
	// working is how many goroutines have something under way; lookingUp says that one of them looks up topics.
	working              int
	lookingUp, connected bool
	connecting           bool
	connectAt            time.Time
	connection           trouble
	identity             identity
	failures             int
	delivered            time.Time // when a broker last took a record

	// mu guards what others see: the client, which stop closes, and the newest trouble.
	mu       sync.Mutex
	client   sarama.Client
	closed   bool
	reason   error
	reasonOf string // the topic, or nothing for the connection
}

// tick is how often things are looked at that nobody tells of.
const tick = 10 * time.Second

func (s *sender) start() {
	s.events, s.stop, s.ended = make(chan func(), 16), make(chan struct{}), make(chan struct{})
	s.queues, s.waiting = make(map[string]*topicQueue), make(map[*topicQueue]struct{})
	s.ready, s.busy = make(map[*sarama.Broker][]*part), make(map[*sarama.Broker]bool)
	go s.run()
}

func (s *sender) run() {
	defer close(s.ended)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		s.admit()
		s.work()
		timer := time.NewTimer(s.untilNext())
		select {
		case <-s.outbox.Changed():
		case event := <-s.events:
			event()
		case <-timer.C:
		case <-ticker.C:
			s.ticking()
		case <-s.stop:
			timer.Stop()
			s.finish()
			return
		}
		timer.Stop()
	}
}

// work begins what can be begun.
func (s *sender) work() {
	s.retry()
	if !s.connected {
		s.connect()
		return
	}
	s.lookUp()
	for broker := range s.ready {
		s.send(broker)
	}
}

// admit takes up the topics that got records.
func (s *sender) admit() {
	for _, name := range s.outbox.DrainChanged() {
		q := s.queues[name]
		if q == nil {
			q = &topicQueue{name: name, limit: maxBatch}
			s.queues[name] = q
		}
		if len(q.parts) == 0 {
			s.goOn(q)
		}
	}
}

// proceed does the next thing for a topic: look it up, take a batch, or make its parts ready.
func (s *sender) proceed(q *topicQueue) {
	if len(q.leaders) == 0 {
		q.busy = true
		s.unknown = append(s.unknown, q)
		return
	}
	if len(q.parts) == 0 {
		q.cut(s.outbox.Next(q.name, q.limit, maxBatchBytes))
	}
	for _, p := range q.heads() {
		leader := q.leaders[p.partition]
		p.sent = true
		s.ready[leader] = append(s.ready[leader], p)
	}
}

// retry takes up the topics whose time has come.
func (s *sender) retry() {
	now := s.now()
	for q := range s.waiting {
		if !now.Before(q.retryAt) {
			delete(s.waiting, q)
			q.waiting = false
			s.proceed(q)
		}
	}
}

// wait has a topic tried again later.
func (s *sender) wait(q *topicQueue, longest time.Duration) {
	q.leaders = nil
	q.fail(s.now(), longest)
	s.waiting[q] = struct{}{}
}

// untilNext is how long nothing is to be done unless something happens.
func (s *sender) untilNext() time.Duration {
	next := tick
	now := s.now()
	for q := range s.waiting {
		next = min(next, q.retryAt.Sub(now))
	}
	if !s.connected && !s.connecting && len(s.unknown) > 0 {
		next = min(next, s.connectAt.Sub(now))
	}
	return max(next, 0)
}

// hurry has everything that waits tried at once: somebody waits for it.
func (s *sender) hurry() {
	s.post(func() {
		s.connectAt = s.now()
		for q := range s.waiting {
			q.retryAt = s.now()
		}
	})
}

// post hands an event to run, unless that has ended.
func (s *sender) post(event func()) {
	select {
	case s.events <- event:
	case <-s.ended:
	}
}

// spawn does what takes time elsewhere; done is called in run with it over.
func (s *sender) spawn(do func() (done func())) {
	s.working++
	go func() {
		done := do()
		s.post(func() {
			s.working--
			done()
		})
	}()
}

func (s *sender) stopping() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// grace is what answers that are under way have when the sender is stopped: what they acknowledge is not sent again later.
const grace = 2 * time.Second

// finish waits a little for what is under way and then cuts it off.
func (s *sender) finish() {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	s.awaitWhile(timer.C, func() bool { return len(s.busy) > 0 })
	s.disconnect()
	last := time.NewTimer(closeTimeout - grace)
	defer last.Stop()
	s.awaitWhile(last.C, func() bool { return true })
}

// awaitWhile takes what becomes of the things under way, as long as it matters and there is time.
func (s *sender) awaitWhile(timeout <-chan time.Time, matters func() bool) {
	for s.working > 0 && matters() {
		select {
		case event := <-s.events:
			event()
		case <-timeout:
			return
		}
	}
}

// blame remembers why records wait, for a Write that waits for them.
func (s *sender) blame(topic string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reasonOf, s.reason = topic, err
}

// excuse forgets it.
func (s *sender) excuse(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reasonOf == topic {
		s.reasonOf, s.reason = "", nil
	}
}

func (s *sender) lastReason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}
