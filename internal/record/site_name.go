package record

import (
	"regexp"
	"strings"
)

// separator separates the parts of a site's topic name, so none of them contains it.
const separator = "_"

var topicPart = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)

// SiteName is the name of a site in its parts. This is the only place that joins or splits SITE_INDEX_TYPE.
type SiteName struct{ Site, Index, Type string }

// IsTopicPart reports whether text can be a part of a SiteName: the characters that Kafka allows in a topic name, without "_".
func IsTopicPart(text string) bool { return topicPart.MatchString(text) }

// SplitTopic returns the parts of the topic name SITE_INDEX_TYPE; ok is false if the name has another form.
func SplitTopic(topic string) (name SiteName, ok bool) {
	parts := strings.Split(topic, separator)
	if len(parts) != 3 {
		return SiteName{}, false
	}
	return SiteName{parts[0], parts[1], parts[2]}, IsTopicPart(parts[0]) && IsTopicPart(parts[1]) && IsTopicPart(parts[2])
}

// Topic returns the name of the Kafka topic.
func (n SiteName) Topic() string { return n.Site + separator + n.Index + separator + n.Type }

// Measurement returns the name of the InfluxDB measurement.
func (n SiteName) Measurement() string { return n.Site + separator + n.Type }
