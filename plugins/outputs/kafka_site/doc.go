// Package kafka_site implements the Telegraf output that writes the readings of stations to one Kafka topic per site.
//
// The files, in the order in which a reading passes them:
//
//	kafka_site.go        options, Init, Connect, Close; options.go checks the options
//	buffer.go            Add: metrics wait here while the disk is busy; one goroutine saves them in batches
//	metric_record.go     builds topic, device, and value of a record
//	save.go              saves a batch: to the outbox on disk, or from memory straight to Kafka
//	outbox_directory.go  opens the outbox, again if necessary, and reports what it lost; outbox_advice.go has the fixes
//	park.go              parks what can never be written, and sends it again when an operator requests that
//	sender.go            the state machine that sends the pending records of all topics
//	topic.go             the state of one topic, and its batches
//	network.go           the requests that wait for a broker: connect, find leaders, produce
//	topic_creation.go    creates missing topics
//	produce_request.go   builds a produce request with its headers
//	health.go            decides which records carry the health of the agent; health_input.go adds the counters of the input
//	counters.go          statistics; retry_log.go logs attempts that are retried
//
// States of a topic in the sender:
//
//	           new records             leaders found
//	idle ----------------> unresolved ---------------> ready <----------------+
//	 ^                         ^                         | broker is free     |
//	 |                         | retryAt reached         v                    |
//	 |                         |                     in flight --acknowledged-+ (more pending)
//	 |                         |                         |       |
//	 |                     backing off <------ error ----+       |
//	 +--------------------------------- nothing pending ---------+
//
// A batch that may have been appended although no answer came is sent again unchanged, with its producer ID and sequence number, so that the
// broker recognizes it. An error of one topic only (missing, denied) stalls that topic: its records return to the outbox, and the rest
// is delivered.
//
// Goroutines: Telegraf calls Add. buffer.run saves batches and retries a failed one at every flush. sender.run owns all state of the
// sender; whatever waits for a broker runs in a goroutine of its own and returns a typed result to it. sender.run never waits for a broker.
//
// Locks: buffer.mu guards the waiting metrics, sender.mu the client (which shutdown closes) and the last error; neither is held during
// input or output, or together with another lock of this package. The outbox has its own.
//
// Sync: with durability "always", save syncs each batch to the outbox before it accepts the metrics. With "on_failure", only records that Kafka
// does not acknowledge in time are synced. Acknowledgements are not synced on their own; the outbox writes them with the next records.
package kafka_site
