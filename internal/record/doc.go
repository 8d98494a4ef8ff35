// Package record defines what the parts that write Kafka records and the parts that read them must agree on.
//
// Names: site_name.go (SITE_INDEX_TYPE, joined and split), topic_name.go (what Kafka allows), topic_template.go (from tags to a topic name) and
// topic_pattern.go (back to tags). Headers: sequence.go (station-epoch and station-seq, which number the records of a device without gaps),
// skipped.go (numbers that will not arrive), health.go (state of the agent). range_set.go does arithmetic on sequence numbers.
package record
