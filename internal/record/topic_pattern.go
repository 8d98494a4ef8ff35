package record

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// TopicPattern extracts tags from a topic name: the inverse of a TopicTemplate.
type TopicPattern struct {
	tags       []string
	expression *regexp.Regexp
}

// NewTopicPattern parses the option "topic" of a reader. Unlike that of a writer, it must be unambiguous.
func NewTopicPattern(option string) (*TopicPattern, error) {
	t, err := NewTopicTemplate(option)
	if err != nil {
		return nil, err
	}
	value := ".+"
	if t.separated() {
		value = "[^_]+" // as in TopicTemplate.Name
	}
	var expression strings.Builder
	expression.WriteString("^" + regexp.QuoteMeta(t.literals[0]))
	for i, tag := range t.tags {
		if slices.Contains(t.tags[:i], tag) {
			return nil, fmt.Errorf(`option "topic" must contain each tag only once (got %q)`, option)
		}
		if i > 0 && t.literals[i] == "" {
			return nil, fmt.Errorf(`option "topic" needs a separator, such as "_", between {%s} and {%s} (got %q)`, t.tags[i-1], tag, option)
		}
		expression.WriteString("(" + value + ")" + regexp.QuoteMeta(t.literals[i+1]))
	}
	return &TopicPattern{t.tags, regexp.MustCompile(expression.String() + "$")}, nil
}

// Tags returns the names of the tags in the pattern.
func (p *TopicPattern) Tags() []string { return p.tags }

// Parts returns the values of the tags in a topic name, or nil if the name does not match.
func (p *TopicPattern) Parts(topic string) map[string]string {
	values := p.expression.FindStringSubmatch(topic)
	if values == nil {
		return nil
	}
	parts := make(map[string]string, len(p.tags))
	for i, tag := range p.tags {
		parts[tag] = values[i+1]
	}
	return parts
}
