package kafka_sites

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// naming says how metrics are named and tagged by their topic's name.
type naming struct {
	topic       *record.TopicPattern // nil: topics' names say nothing
	measurement string
	renamings   []renaming

	mu      sync.Mutex
	misfits map[string]bool // topics that do not fit, and were told
}

// renaming is of a tag or field.
type renaming struct{ from, to string }

// newNaming checks the options that are about names.
func (o *Options) newNaming() (*naming, error) {
	n := &naming{measurement: o.Measurement, misfits: make(map[string]bool)}
	var err error
	if n.renamings, err = newRenamings(o.Rename); err != nil {
		return nil, err
	}
	if o.Topic != "" {
		if n.topic, err = record.NewTopicPattern(o.Topic); err != nil {
			return nil, err
		}
	}
	return n, o.checkMeasurement(n.topic)
}

func (o *Options) checkMeasurement(topic *record.TopicPattern) error {
	switch {
	case o.Measurement == "":
		return nil
	case o.MsgHeaderAsMetricName != "":
		return errors.New(`options "measurement" and "msg_header_as_metric_name" both name the metrics: remove one`)
	case topic == nil:
		return fmt.Errorf(`option "measurement" needs option "topic", which says what the topic's name consists of (got %q)`, o.Measurement)
	}
	named := make(map[string]string)
	for _, tag := range topic.Tags() {
		named[tag] = ""
	}
	template := record.NewTextTemplate(o.Measurement)
	if rest := template.Fill(named); rest == o.Measurement || strings.ContainsAny(rest, "{}") {
		return fmt.Errorf(`option "measurement" must name tags of option "topic" in braces, as in "{site}_{type}" (got %q)`, o.Measurement)
	}
	return nil
}

func newRenamings(option map[string]string) (all []renaming, err error) {
	to := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(option)) {
		other := option[name]
		_, again := option[other]
		switch {
		case name == "" || other == "":
			return nil, fmt.Errorf(`option "rename" must not have empty names (got %q = %q)`, name, other)
		case again || to[other]:
			return nil, fmt.Errorf(`option "rename" must give different names, none of which it renames (got %q = %q)`, name, other)
		}
		to[other] = true
		all = append(all, renaming{name, other})
	}
	return all, nil
}

// site is what a topic's name says of all its records. It is worked out once for each claim.
type site struct {
	measurement string // empty: metrics keep their names
	tags        []telegraf.Tag
	renamings   []renaming
}

// siteOf warns once of a topic that does not fit: its metrics are as they would be without the options "topic" and "measurement".
func (k *KafkaSites) siteOf(topic string) site {
	s := site{renamings: k.naming.renamings}
	if k.naming.topic == nil {
		return s
	}
	parts := k.naming.topic.Parts(topic)
	if parts == nil {
		k.naming.tell(topic, func() {
			k.Log.Warnf("The name of topic %s is not of the form %q: its metrics get no tags of it, and keep their names. "+
				"Topics that are no sites are left out by topic_regexps", topic, k.Topic)
		})
		return s
	}
	template := record.NewTextTemplate(k.Measurement)
	s.measurement = template.Fill(parts)
	for _, tag := range k.naming.topic.Tags() {
		s.tags = append(s.tags, telegraf.Tag{Key: tag, Value: parts[tag]})
	}
	return s
}

func (n *naming) tell(topic string, warn func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.misfits[topic] {
		n.misfits[topic] = true
		warn()
	}
}

// name is for what a record says.
func (s *site) name(m telegraf.Metric) {
	if s.measurement != "" {
		m.SetName(s.measurement)
	}
	s.tag(m)
}

// tag is also for what is told of topics and agents, which keeps its name.
func (s *site) tag(m telegraf.Metric) {
	for _, r := range s.renamings {
		r.renameTag(m)
		r.renameField(m)
	}
	for _, tag := range s.tags {
		m.AddTag(tag.Key, tag.Value)
	}
}

func (r renaming) renameTag(m telegraf.Metric) {
	if value, found := m.GetTag(r.from); found {
		m.RemoveTag(r.from)
		m.AddTag(r.to, value)
	}
}

func (r renaming) renameField(m telegraf.Metric) {
	for _, field := range m.FieldList() {
		if field.Key == r.from {
			m.RemoveField(r.to)
			field.Key = r.to
			return
		}
	}
}
