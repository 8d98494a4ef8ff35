package site

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
)

// Topic is the topic of a site.
type Topic struct {
	Name        string `json:"topic"`
	Partitions  int    `json:"partitions"`
	Replication int    `json:"replication_factor"`
	// Records counts the records that the topic keeps, transaction markers included.
	Records int64 `json:"records"`
	// Newest is the time of the newest record, or nil.
	Newest *time.Time `json:"newest"`
	// User can write to the topic and log in with SCRAM-SHA-512; empty for none. HasUsers reports whether Kafka has ACLs.
	User     string `json:"user"`
	HasUsers bool   `json:"-"`
	// Records and Newest are unknown because of this error.
	Trouble string `json:"trouble,omitempty"`
}

// Detail is a topic with its settings and ACLs.
type Detail struct {
	Topic
	Settings map[string]string `json:"settings"`
	ACLs     []string          `json:"acls"`
}

// List returns the topics of all sites by name. A Kafka without users or ACLs is listed without them.
func (c *Cluster) List(ctx context.Context) ([]Topic, error) {
	states, _, err := c.topics(ctx)
	if err != nil {
		return nil, err
	}
	pattern := regexp.MustCompile(audit.DefaultPattern)
	maps.DeleteFunc(states, func(name string, _ *topicState) bool { return !pattern.MatchString(name) })
	topics, err := c.describe(ctx, states)
	if err != nil || len(topics) == 0 {
		return topics, err
	}
	filter := anyRule()
	filter.ResourceType = kmsg.ACLResourceTypeTopic
	_, err = c.addUsers(ctx, topics, filter)
	return topics, err
}

// Show returns one topic.
func (c *Cluster) Show(ctx context.Context, name Name) (*Detail, error) {
	state, err := c.topic(ctx, name.Topic())
	if err != nil {
		return nil, err
	}
	if state == nil {
		return nil, fmt.Errorf(`topic %q does not exist; "stationctl site list" shows the existing topics`, name.Topic())
	}
	topics, err := c.describe(ctx, map[string]*topicState{name.Topic(): state})
	if err != nil {
		return nil, err
	}
	rules, err := c.addUsers(ctx, topics, onTopic(name.Topic()))
	detail := &Detail{Topic: topics[0], Settings: state.settings, ACLs: []string{}}
	for _, r := range rules {
		detail.ACLs = append(detail.ACLs, r.String())
	}
	return detail, err
}

func (c *Cluster) describe(ctx context.Context, states map[string]*topicState) ([]Topic, error) {
	topics, names := []Topic{}, slices.Sorted(maps.Keys(states))
	if len(names) == 0 { // which would count the records of all topics
		return topics, nil
	}
	for _, name := range names {
		topics = append(topics, Topic{Name: name, Partitions: states[name].partitions, Replication: states[name].replication})
	}
	return topics, c.addRecords(ctx, topics, names)
}

// addUsers finds who can write to the topics, and returns the ACLs. It reads all ACLs with one request: one per topic would take a second
// for every few hundred.
func (c *Cluster) addUsers(ctx context.Context, topics []Topic, filter *kmsg.DescribeACLsRequest) ([]rule, error) {
	rules, err := c.rules(ctx, filter)
	if errors.Is(err, kerr.SecurityDisabled) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	byTopic, users := make(map[string][]string), []string(nil)
	for _, r := range rules {
		for _, user := range usersThatWrite(r.Name, []rule{r}) {
			byTopic[r.Name] = append(byTopic[r.Name], user)
			users = append(users, user)
		}
	}
	slices.Sort(users)
	exists, err := c.hasUsers(ctx, slices.Compact(users)...)
	if err != nil {
		return nil, err
	}
	for i := range topics {
		known := slices.DeleteFunc(byTopic[topics[i].Name], func(user string) bool { return !exists[user] })
		topics[i].User, topics[i].HasUsers = strings.Join(known, ", "), true
	}
	return rules, nil
}

// UserText returns the user, or why none is shown.
func (t Topic) UserText() string {
	switch {
	case !t.HasUsers:
		return "Kafka has no ACLs"
	case t.User == "":
		return "no"
	}
	return t.User
}

// NewestText returns the time of the newest record.
func (t Topic) NewestText() string {
	switch {
	case t.Newest == nil && t.Records == 0 && t.Trouble == "":
		return "never"
	case t.Newest == nil:
		return "unknown"
	}
	return t.Newest.UTC().Format(time.RFC3339)
}

// Row returns the topic as a row of the table whose header is Columns.
func (t Topic) Row() []string {
	records := strconv.FormatInt(t.Records, 10)
	if t.Trouble != "" {
		records = "unknown"
	}
	return []string{t.Name, strconv.Itoa(t.Partitions), strconv.Itoa(t.Replication), records, t.NewestText(), t.UserText()}
}

// Columns returns the header of the table.
func Columns() []string {
	return []string{"topic", "partitions", "replicas", "records", "newest", "user"}
}
