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

// view is what a cluster has, as far as it concerns some sites. It is read at once: to ask for each site would take minutes for thousands.
type view struct {
	// brokers are those that are up.
	brokers []int32
	// topics are all that there are; only those of the sites have settings.
	topics map[string]*topicState
	// alike are the topics by what Kafka's metrics make of their names.
	alike map[string]string
	// refused is what Kafka says of the topics that are to be made, if it would not make them.
	refused map[string]error

	// The rest is read only if a site is to have a user.
	rules      map[string][]rule // by their principal
	wide       []rule            // that let users write who were not named for the topic
	users      map[string]bool
	idempotent bool // users need the right to number records
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

// spreadTime and spreadPause are for a topic that the controller has, and the broker that we asked does not know yet.
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
		v.topics, v.refused = all, make(map[string]error)
		spread := c.tryTopics(ctx, v, missing)
		err = c.readSettings(ctx, all, there)
		if time.Since(begin) > spreadTime || spread && !errors.Is(err, kerr.UnknownTopicOrPartition) {
			v.alike = alike(all)
			return err
		}
	}
}

// tryTopics asks Kafka whether it would make them. If it has one of them already, not all brokers know of it yet.
func (c *Cluster) tryTopics(ctx context.Context, v *view, missing []newTopic) (spread bool) {
	spread = true
	for i, err := range c.sendTopics(ctx, missing, true) {
		if err != nil {
			v.refused[missing[i].name] = err
		}
		spread = spread && !errors.Is(err, kerr.TopicAlreadyExists)
	}
	return spread
}

func alike(topics map[string]*topicState) map[string]string {
	names := make(map[string]string)
	for name := range topics {
		names[metricName(name)] = name
	}
	return names
}

// metricName is what Kafka's metrics make of a topic's name: "." and "_" are the same there.
func metricName(topic string) string { return strings.ReplaceAll(topic, ".", "_") }

func (c *Cluster) viewUsers(ctx context.Context, v *view, users []string) error {
	rules, err := c.rules(ctx, anyRule())
	if errors.Is(err, kerr.SecurityDisabled) {
		err = fmt.Errorf("%w; or give --no-user, for a topic only", err)
	}
	if err != nil {
		return err
	}
	v.rules = make(map[string][]rule)
	for _, r := range rules {
		v.rules[r.Principal] = append(v.rules[r.Principal], r)
		if r.letsMany() {
			v.wide = append(v.wide, r)
		}
	}
	if v.idempotent, err = c.needsIdempotentWrite(ctx); err != nil {
		return err
	}
	v.users, err = c.hasUsers(ctx, users...)
	return err
}

// wideOn are those rules that let others write this topic.
func (v *view) wideOn(topic, user string) []rule {
	return slices.DeleteFunc(slices.Clone(v.wide), func(r rule) bool {
		return r.Principal == principalPrefix+user || !r.on(topic)
	})
}
