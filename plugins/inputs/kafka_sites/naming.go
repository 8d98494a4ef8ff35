package kafka_sites

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// naming names and tags metrics by the name of their topic.
type naming struct {
	topic     *record.TopicPattern // nil if the option "topic" is not set
	renamings []renaming
}

// renaming is another name for a tag or field.
type renaming struct{ from, to string }

// newNaming checks the options for names.
func (o *Options) newNaming() (*naming, error) {
	n := &naming{}
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
		return errors.New(`options "measurement" and "msg_header_as_metric_name" are mutually exclusive; set only one of them`)
	case topic == nil:
		return fmt.Errorf(`option "measurement" requires option "topic" (got %q)`, o.Measurement)
	}
	named := make(map[string]string)
	for _, tag := range topic.Tags() {
		named[tag] = ""
	}
	template := record.NewTextTemplate(o.Measurement)
	if rest := template.Fill(named); rest == o.Measurement || strings.ContainsAny(rest, "{}") {
		return fmt.Errorf(`option "measurement" must contain tags of option "topic" in braces, as in "{site}_{type}" (got %q)`, o.Measurement)
	}
	return nil
}

func newRenamings(option map[string]string) (all []renaming, err error) {
	to := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(option)) {
		other := option[name]
		_, renamed := option[other]
		switch {
		case name == "" || other == "":
			return nil, fmt.Errorf(`option "rename" must not contain empty names (got %q = %q)`, name, other)
		case renamed || to[other]:
			return nil, fmt.Errorf(`option "rename" must not use a name twice (got %q = %q)`, name, other)
		}
		to[other] = true
		all = append(all, renaming{name, other})
	}
	return all, nil
}

// site is what all records of a topic have in common. It is computed once per assigned partition.
type site struct {
	measurement string // empty if metrics keep their names
	tags        []telegraf.Tag
	renamings   []renaming
}

// siteOf logs a topic name that does not match the option "topic". Metrics of the topic are as they would be without the options.
func (k *KafkaSites) siteOf(topic string) site {
	s := site{renamings: k.naming.renamings}
	if k.naming.topic == nil {
		return s
	}
	parts := k.naming.topic.Parts(topic)
	if parts == nil {
		k.once.Warnf("topic "+topic, "The name of topic %s does not match option \"topic\" (%q); its metrics keep their names and get no tags "+
			"from it; if the topic is not a site, exclude it from topic_regexps", topic, k.Topic)
		return s
	}
	template := record.NewTextTemplate(k.Measurement)
	s.measurement = template.Fill(parts)
	for _, tag := range k.naming.topic.Tags() {
		s.tags = append(s.tags, telegraf.Tag{Key: tag, Value: parts[tag]})
	}
	return s
}

// apply names and tags a metric of a record.
func (s *site) apply(m telegraf.Metric) {
	if s.measurement != "" {
		m.SetName(s.measurement)
	}
	s.applyTags(m)
}

// applyTags tags a metric of a topic or an agent, which keeps its name.
func (s *site) applyTags(m telegraf.Metric) {
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
