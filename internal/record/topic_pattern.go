package record

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// TopicPattern takes topics' names apart: what a TopicTemplate does, the other way round.
type TopicPattern struct {
	tags       []string
	expression *regexp.Regexp
}

// NewTopicPattern reads the option "topic" of who reads topics. Other than a writer's it must leave no doubt which part is which tag's.
func NewTopicPattern(option string) (*TopicPattern, error) {
	t, err := NewTopicTemplate(option)
	if err != nil {
		return nil, err
	}
	value := ".+"
	if t.separated() {
		value = "[^_]+" // as Name has it
	}
	var expression strings.Builder
	expression.WriteString("^" + regexp.QuoteMeta(t.literals[0]))
	for i, tag := range t.tags {
		if slices.Contains(t.tags[:i], tag) {
			return nil, fmt.Errorf(`option "topic" must name each tag once (got %q)`, option)
		}
		if i > 0 && t.literals[i] == "" {
			return nil, fmt.Errorf(`option "topic" needs something between {%s} and {%s}, such as "_", that separates them (got %q)`, t.tags[i-1], tag, option)
		}
		expression.WriteString("(" + value + ")" + regexp.QuoteMeta(t.literals[i+1]))
	}
	return &TopicPattern{t.tags, regexp.MustCompile(expression.String() + "$")}, nil
}

// Tags are those that a topic gives.
func (p *TopicPattern) Tags() []string { return p.tags }

// Parts are a topic's, by tag; nil if it does not fit.
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
