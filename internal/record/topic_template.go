package record

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/influxdata/telegraf"
)

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// TopicTemplate builds a topic name from the tags of a metric, as in {site}_{index}_{type}.
type TopicTemplate struct {
	// literals are the texts around the tags: one more than there are tags.
	literals, tags []string
}

// NewTopicTemplate parses the option "topic".
func NewTopicTemplate(option string) (TopicTemplate, error) {
	t := parse(option)
	if len(t.tags) == 0 {
		return t, fmt.Errorf(`option "topic" must contain tags in braces, as in "{site}_{index}_{type}" (got %q)`, option)
	}
	if slices.Contains(t.tags, "") {
		return t, fmt.Errorf(`option "topic" must not contain empty braces (got %q)`, option)
	}
	if fixed := strings.Join(t.literals, ""); fixed != "" && !topicName.MatchString(fixed) {
		return t, fmt.Errorf(`option "topic" must consist of tags in braces, letters, digits, ".", "_", and "-" (got %q)`, option)
	}
	return t, nil
}

// NewTextTemplate parses a template of a text that is not a topic name.
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

// Name returns the topic of a metric. A missing or empty tag is an error, never another topic. So is a tag that contains "_" if "_" separates
// the tags: with {site}_{index}, both site "a_b", index "1" and site "a", index "b_1" would be a_b_1.
func (t *TopicTemplate) Name(metric telegraf.Metric) (string, error) {
	var name strings.Builder
	for i, tag := range t.tags {
		value, found := metric.GetTag(tag)
		switch {
		case !found || value == "":
			return "", fmt.Errorf("no topic for metric %q: tag %q is missing or empty", metric.Name(), tag)
		case t.separated() && strings.Contains(value, separator):
			return "", fmt.Errorf(`no topic for metric %q: tag %q must not contain "_": it separates the parts of the topic name (got %q)`,
				metric.Name(), tag, value)
		}
		name.WriteString(t.literals[i])
		name.WriteString(value)
	}
	name.WriteString(t.literals[len(t.tags)])
	return name.String(), CheckTopic(name.String())
}

// Fill replaces the tags by their values. A tag without a value stays in its braces.
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

// separated reports whether "_" separates tags.
func (t *TopicTemplate) separated() bool {
	return len(t.tags) > 1 && strings.Contains(strings.Join(t.literals[1:len(t.tags)], ""), separator)
}
