package record

import (
	"fmt"
	"regexp"
)

// maxTopicLength and topicName are Kafka's own rule for topic names (org.apache.kafka.common.internals.Topic).
const maxTopicLength = 249

var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// CheckTopic returns an error if Kafka does not allow a topic name.
func CheckTopic(name string) error {
	switch {
	case name == "." || name == "..":
		return fmt.Errorf(`topic %q: Kafka does not allow "." and ".."`, name)
	case len(name) > maxTopicLength:
		return fmt.Errorf("topic %q: Kafka allows at most %d characters (got %d)", name, maxTopicLength, len(name))
	case !topicName.MatchString(name):
		return fmt.Errorf(`topic %q: Kafka allows letters, digits, ".", "_", and "-"`, name)
	}
	return nil
}
