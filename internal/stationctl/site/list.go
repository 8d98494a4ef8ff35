package site

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
)

// Topic is a site's topic as it is.
type Topic struct {
	Name        string `json:"topic"`
	Partitions  int    `json:"partitions"`
	Replication int    `json:"replication_factor"`
	// Records are those that the topic keeps now; markers of transactions count too.
	Records int64 `json:"records"`
	// Newest is when the last record came in; nil: there is none.
	Newest *time.Time `json:"newest"`
	// User may write the topic and log in with SCRAM-SHA-512; empty: nobody. HasUsers says that this could be asked.
	User     string `json:"user"`
	HasUsers bool   `json:"-"`
	// Trouble is why records and newest are not known.
	Trouble string `json:"trouble,omitempty"`
}

// Detail is a topic with its settings and rights.
type Detail struct {
	Topic
	Settings map[string]string `json:"settings"`
	ACLs     []string          `json:"acls"`
}

// List are the topics of all sites by their names. A Kafka without users or ACLs is listed without them.
func (c *Cluster) List() ([]Topic, error) {
	names, err := c.client.Topics()
	if err != nil {
		return nil, err
	}
	pattern := regexp.MustCompile(audit.DefaultPattern)
	names = slices.DeleteFunc(names, func(name string) bool { return !pattern.MatchString(name) })
	slices.Sort(names)
	topics, err := c.describe(names)
	if err != nil || len(topics) == 0 {
		return topics, err
	}
	filter := anyRule()
	filter.ResourceType = sarama.AclResourceTopic
	return topics, c.addUsers(topics, filter)
}

// Show is one topic.
func (c *Cluster) Show(name Name) (*Detail, error) {
	state, err := c.topic(name.Topic())
	if err != nil {
		return nil, err
	}
	if state == nil {
		return nil, fmt.Errorf("there is no topic %q: stationctl site list shows those that are there", name.Topic())
	}
	topics, err := c.describe([]string{name.Topic()})
	if err != nil {
		return nil, err
	}
	filter := anyRule()
	filter.ResourceType, filter.ResourceName, filter.ResourcePatternTypeFilter = sarama.AclResourceTopic, &topics[0].Name, sarama.AclPatternMatch
	if err := c.addUsers(topics, filter); err != nil {
		return nil, err
	}
	detail := &Detail{Topic: topics[0], Settings: state.settings, ACLs: []string{}}
	if !detail.HasUsers {
		return detail, nil
	}
	rules, err := c.rules(filter)
	for _, r := range rules {
		detail.ACLs = append(detail.ACLs, r.String())
	}
	return detail, err
}

func (c *Cluster) describe(names []string) ([]Topic, error) {
	topics := []Topic{}
	if len(names) == 0 { // Kafka would take it for all of them
		return topics, nil
	}
	described, err := c.admin.DescribeTopics(names)
	if err != nil {
		return nil, explain(err)
	}
	for _, d := range described {
		topic := Topic{Name: d.Name, Partitions: len(d.Partitions)}
		for _, partition := range d.Partitions {
			topic.Replication = max(topic.Replication, len(partition.Replicas))
		}
		topics = append(topics, topic)
	}
	slices.SortFunc(topics, func(a, b Topic) int { return cmp.Compare(a.Name, b.Name) })
	return topics, c.addRecords(topics)
}

// addUsers asks for all the rules at once, as asking for each topic would take a second for every few hundred.
func (c *Cluster) addUsers(topics []Topic, filter sarama.AclFilter) error {
	rules, err := c.rules(filter)
	if errors.Is(err, sarama.ErrSecurityDisabled) {
		return nil
	}
	if err != nil {
		return err
	}
	byTopic, users := make(map[string][]string), []string(nil)
	for _, r := range rules {
		for _, user := range writers(r.ResourceName, []rule{r}) {
			byTopic[r.ResourceName] = append(byTopic[r.ResourceName], user)
			users = append(users, user)
		}
	}
	slices.Sort(users)
	exists, err := c.hasUsers(slices.Compact(users)...)
	if err != nil {
		return err
	}
	for i := range topics {
		known := slices.DeleteFunc(byTopic[topics[i].Name], func(user string) bool { return !exists[user] })
		topics[i].User, topics[i].HasUsers = strings.Join(known, ", "), true
	}
	return nil
}

// UserText is the user, or why there is none to see.
func (t Topic) UserText() string {
	switch {
	case !t.HasUsers:
		return "Kafka keeps no ACLs"
	case t.User == "":
		return "no"
	}
	return t.User
}

// NewestText is the time of the last record.
func (t Topic) NewestText() string {
	switch {
	case t.Newest == nil && t.Records == 0 && t.Trouble == "":
		return "never"
	case t.Newest == nil:
		return "unknown"
	}
	return t.Newest.UTC().Format(time.RFC3339)
}

// Row is the topic as a line of a table, and Columns are the names of its columns.
func (t Topic) Row() []string {
	records := strconv.FormatInt(t.Records, 10)
	if t.Trouble != "" {
		records = "unknown"
	}
	return []string{t.Name, strconv.Itoa(t.Partitions), strconv.Itoa(t.Replication), records, t.NewestText(), t.UserText()}
}

// Columns are those of Row.
func Columns() []string {
	return []string{"topic", "partitions", "replicas", "records", "newest", "user"}
}
