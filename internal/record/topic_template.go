// Package record has the names of the sites' topics: how they are made of tags and taken apart, and what Kafka allows.
package record

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/influxdata/telegraf"
)

// maxTopicLength and topicName are Kafka's own rule for a topic's name (org.apache.kafka.common.internals.Topic).
const maxTopicLength = 249

var (
	topicName   = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	placeholder = regexp.MustCompile(`\{([^{}]*)\}`)
)

// TopicTemplate makes a topic's name of a metric's tags: {site}_{index}_{type}.
type TopicTemplate struct {
	// literals surround the tags: one more than those.
	literals, tags []string
}

// NewTopicTemplate reads the option "topic".
func NewTopicTemplate(option string) (TopicTemplate, error) {
	t := parse(option)
	if len(t.tags) == 0 {
		return t, fmt.Errorf(`option "topic" must name tags in braces, as in "{site}_{index}_{type}": a topic for each site (got %q)`, option)
	}
	if slices.Contains(t.tags, "") {
		return t, fmt.Errorf(`option "topic" has braces without a tag's name (got %q)`, option)
	}
	if fixed := strings.Join(t.literals, ""); fixed != "" && !topicName.MatchString(fixed) {
		return t, fmt.Errorf(`option "topic" must consist of tags in braces, letters, digits, ".", "_" and "-" (got %q)`, option)
	}
	return t, nil
}

// NewTextTemplate reads a template of a text that is no topic's name.
func NewTextTemplate(text string) TopicTemplate { return parse(text) }

func parse(text string) (t TopicTemplate) {
	rest := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		t.literals = append(t.literals, text[rest:at[0]])
		t.tags = append(t.tags, text[at[2]:at[3]])
		rest = at[1]
	}
	t.literals = append(t.literals, text[rest:])
	return t
}

// Name is the metric's topic. A missing or empty tag is an error, never another topic; so is a tag with "_" where
// "_" separates the parts, since {site}_{index} would be a_b_1 for the sites "a_b" and "a".
func (t *TopicTemplate) Name(metric telegraf.Metric) (string, error) {
	var name strings.Builder
	for i, tag := range t.tags {
		value, found := metric.GetTag(tag)
		switch {
		case !found || value == "":
			return "", fmt.Errorf("no topic for metric %q: tag %q is missing or empty", metric.Name(), tag)
		case t.separated() && strings.Contains(value, "_"):
			return "", fmt.Errorf(`no topic for metric %q: tag %q must not contain "_": it separates the parts of the topic name (got %q)`,
				metric.Name(), tag, value)
		}
		name.WriteString(t.literals[i])
		name.WriteString(value)
	}
	name.WriteString(t.literals[len(t.tags)])
	return name.String(), CheckTopic(name.String())
}

// Fill puts values in the place of the tags. A tag without a value stays in its braces.
func (t *TopicTemplate) Fill(values map[string]string) string {
	var text strings.Builder
	for i, tag := range t.tags {
		text.WriteString(t.literals[i])
		if value, found := values[tag]; found {
			text.WriteString(value)
		} else {
			text.WriteString("{" + tag + "}")
		}
	}
	return text.String() + t.literals[len(t.tags)]
}

func (t *TopicTemplate) separated() bool {
	return len(t.tags) > 1 && strings.Contains(strings.Join(t.literals[1:len(t.tags)], ""), "_")
}

// CheckTopic says why Kafka would refuse a topic's name.
func CheckTopic(name string) error {
	switch {
	case name == "." || name == "..":
		return fmt.Errorf(`topic %q: Kafka does not allow "." and ".."`, name)
	case len(name) > maxTopicLength:
		return fmt.Errorf("topic %q: Kafka allows at most %d characters (it has %d)", name, maxTopicLength, len(name))
	case !topicName.MatchString(name):
		return fmt.Errorf(`topic %q: Kafka allows letters, digits, ".", "_" and "-"`, name)
	}
	return nil
}
