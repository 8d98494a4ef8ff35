package kafka_sites

import "github.com/IBM/sarama"

const (
	// manyTopics is from how many topics on a fetch waits for manyBytes. It costs the broker and the central Telegraf something for each topic that it
	// asks of, whether that has a record or not (sarama has no fetch sessions, KIP-227); and one of so many topics always has, so that each
	// fetch would bring a record or two.
	manyTopics, manyBytes = 500, 64 << 10
)

// configFor is for consuming so many topics.
func (k *KafkaSites) configFor(topics int) *sarama.Config {
	if topics < manyTopics || k.ConsumerFetchMin > 0 {
		return k.config
	}
	patient := *k.config
	patient.Consumer.Fetch.Min = manyBytes
	return &patient
}
