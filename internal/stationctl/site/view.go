package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// view is the part of the cluster that concerns some sites. It is read in one pass: one request per site would take minutes for thousands.
type view struct {
	// brokers are those that are up.
	brokers []int32
	// topics are all topics; only those of the sites have settings.
	topics map[string]*topicState
	// byMetricName maps the name that Kafka metrics use to the topic.
	byMetricName map[string]string
	// rejected has the reason why Kafka would not create a topic.
	rejected map[string]error

	// The rest is read only if a site has a user.
	rules      map[string][]rule // by principal
	wide       []rule            // that let users write that are not named for the topic
	users      map[string]bool
	idempotent bool // users require IDEMPOTENT_WRITE
}

func (c *Cluster) view(ctx context.Context, sites []AddOptions) (*view, error) {
	v := &view{}
	if err := c.viewTopics(ctx, v, sites); err != nil {
		return nil, err
	}
	var users []string
	for _, o := range sites {
		if !o.NoUser {
			users = append(users, o.user())
		}
	}
	if len(users) == 0 {
		return v, nil
	}
	return v, c.viewUsers(ctx, v, users)
}

// spreadTime and spreadPause limit the wait for a topic that the controller has and the queried broker does not have yet.
const (
	spreadTime  = 10 * time.Second
	spreadPause = 50 * time.Millisecond
)

func (c *Cluster) viewTopics(ctx context.Context, v *view, sites []AddOptions) error {
	for begin := time.Now(); ; time.Sleep(spreadPause) {
		all, brokers, err := c.topics(ctx)
		if err != nil {
			return err
		}
		v.brokers = brokers
		var there []string
		var missing []newTopic
		for _, o := range sites {
			if name := o.Name.Topic(); all[name] == nil {
				missing = append(missing, newTopic{name, o.Topic})
			} else {
				there = append(there, name)
			}
		}
		v.topics, v.rejected = all, make(map[string]error)
		spread := c.tryTopics(ctx, v, missing)
		err = c.readSettings(ctx, all, there)
		if time.Since(begin) > spreadTime || spread && !errors.Is(err, kerr.UnknownTopicOrPartition) {
			v.byMetricName = byMetricName(all)
			return err
		}
	}
}

// tryTopics validates the missing topics. It returns false if one exists already, which some brokers do not know yet.
func (c *Cluster) tryTopics(ctx context.Context, v *view, missing []newTopic) (spread bool) {
	spread = true
	for i, err := range c.sendTopics(ctx, missing, true) {
		if err != nil {
			v.rejected[missing[i].name] = err
		}
		spread = spread && !errors.Is(err, kerr.TopicAlreadyExists)
	}
	return spread
}

func byMetricName(topics map[string]*topicState) map[string]string {
	names := make(map[string]string)
	for name := range topics {
		names[metricName(name)] = name
	}
	return names
}

// metricName returns the name of a topic in Kafka metrics, which replace "." with "_".
func metricName(topic string) string { return strings.ReplaceAll(topic, ".", "_") }

func (c *Cluster) viewUsers(ctx context.Context, v *view, users []string) error {
	rules, err := c.rules(ctx, anyRule())
	if errors.Is(err, kerr.SecurityDisabled) {
		err = fmt.Errorf("%w; or use --no-user to create a topic only", err)
	}
	if err != nil {
		return err
	}
	v.rules = make(map[string][]rule)
	for _, r := range rules {
		v.rules[r.Principal] = append(v.rules[r.Principal], r)
		if r.allowsOthers() {
			v.wide = append(v.wide, r)
		}
	}
	if v.idempotent, err = c.needsIdempotentWrite(ctx); err != nil {
		return err
	}
	v.users, err = c.hasUsers(ctx, users...)
	return err
}

// othersOn returns the rules that let other users write to this topic.
func (v *view) othersOn(topic, user string) []rule {
	return slices.DeleteFunc(slices.Clone(v.wide), func(r rule) bool {
		return r.Principal == principalPrefix+user || !r.on(topic)
	})
}
