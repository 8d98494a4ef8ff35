// Package kafka_sites implements the Telegraf input of the central Telegraf, which reads the topics of all sites, including new ones, and
// commits a record only when the outputs have it.
//
// Files, in the order in which a record passes them:
//
//	options.go, config.go  check the options and configure sarama
//	refresh.go, topics.go  list the topics, and restart the consumer when they change
//	consumer.go            joins the consumer group and runs sessions: the times between two rebalances
//	recreated_topic.go     resets committed offsets that belong to an earlier topic of the same name
//	newest_start.go        offset = "newest": skips what the topics hold when the group starts for the first time
//	expired.go             reports records that retention deleted before they were read
//	assigned.go            has the assigned partitions, for Gather
//	read.go                reads the records of a partition
//	partition.go           has the offsets of a partition; decides which offset is committed
//	sequence.go            counts missing records by their headers
//	record.go, naming.go   turn a record into metrics
//	inflight.go            passes metrics to the outputs, limits their number, and receives the results
//	backoff.go             pauses after a rejection
//	topic_metric.go, newest_record.go  report the lag and the age of each topic on Gather
//
// # States of a record
//
//	         inFlight.reserve       inFlight.send                  result: delivered
//	fetched -----------------> read ------------> in flight ----------------------------> delivered
//	                                                  |                                       | so are all records before
//	                                                  | result: rejected                      v it in the partition
//	                                                  v                                    committed
//	                            session ends: nothing after the record is
//	                            committed; reread after the backoff
//
// sarama commits marked offsets every second and when a session ends. A record that cannot be parsed has no metrics; it is delivered
// immediately and committed in its turn.
//
// # Goroutines
//
//	refresh                 one per plugin; owns KafkaSites.consumer, noTopic, and failure
//	inFlight.run            one per plugin; outlives refresh, so that results during the last session are committed
//	consumer.run            one per consumer; runs the sessions
//	consumer.logErrors      one per consumer
//	session.ConsumeClaim    one per assigned partition, until the session ends
//	Gather                  called by Telegraf; owns reporter; at most one goroutine fetches newest records
//
// # Locks
//
// A goroutine that holds one of these locks takes only locks to its right: assigned.mu, partition.mu, inFlight.mu. The locks of backoff and
// logonce.Log are taken last.
package kafka_sites
