package site

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// PlanRemove takes the station's user and rights away; with records, the topic too. The user goes first: from then on nobody comes in
// anew. Who is in already loses his rights with the ACLs.
func (c *Cluster) PlanRemove(ctx context.Context, name Name, user string, records bool) (*Plan, error) {
	p := &Plan{Topic: name.Topic()}
	state, err := c.topic(ctx, p.Topic)
	if err != nil {
		return nil, err
	}
	p.User, err = c.userOf(ctx, p.Topic, user)
	switch {
	case errors.Is(err, kerr.SecurityDisabled) && state != nil:
		p.is("no user and no ACLs: this Kafka keeps none")
	case err != nil:
		return nil, err
	default:
		if err := c.planRemoveAccess(ctx, p); err != nil {
			return nil, err
		}
	}
	if state == nil && p.Changes() == 0 {
		return nil, fmt.Errorf("there is no topic %q, and no user %q: stationctl site list shows those that are there", p.Topic, p.User)
	}
	c.planRemoveTopic(p, state, records)
	return p, nil
}

// planRemoveAccess takes away the user, and his ACLs for the topic.
func (c *Cluster) planRemoveAccess(ctx context.Context, p *Plan) error {
	exists, err := c.hasUser(ctx, p.User)
	if err != nil {
		return err
	}
	rules, err := c.rulesOf(ctx, p.User)
	if err != nil {
		return err
	}
	mine, others := split(rules, p)
	c.planRemoveUser(p, exists, others)
	for _, r := range mine {
		p.add(Removed, func(ctx context.Context) error { return c.forbid(ctx, r) }, "ACL: %s", r)
	}
	return nil
}

// split parts the rules that end with the site from those that speak of something else.
func split(rules []rule, p *Plan) (mine, others []rule) {
	var general []rule
	for _, r := range rules {
		switch {
		case r == idempotentWrite(p.User):
			general = append(general, r)
		case r.Type == kmsg.ACLResourceTypeTopic && r.Name == p.Topic && r.Pattern == kmsg.ACLResourcePatternTypeLiteral:
			mine = append(mine, r)
		default:
			others = append(others, r)
		}
	}
	if len(others) == 0 {
		mine = append(mine, general...)
	}
	return mine, others
}

func (c *Cluster) planRemoveUser(p *Plan, exists bool, others []rule) {
	switch {
	case !exists:
		p.is("no user %q", p.User)
	case len(others) > 0:
		p.doubt("user %q stays: %s", p.User, others[0])
	default:
		p.add(Removed, func(ctx context.Context) error { return c.removeUser(ctx, p.User) }, "user %q", p.User)
	}
}

func (c *Cluster) planRemoveTopic(p *Plan, state *topicState, records bool) {
	switch {
	case state == nil:
		p.is("no topic %q", p.Topic)
	case records:
		p.add(Removed, func(ctx context.Context) error { return c.deleteTopic(ctx, p.Topic) }, "topic %q with all its records", p.Topic)
	default:
		p.is("topic %q stays, with its records; --with-records removes it", p.Topic)
	}
}

// userOf is the station's user: the given one, else the one who may write the topic, else the one who is named like it.
func (c *Cluster) userOf(ctx context.Context, topic, given string) (string, error) {
	if given == "" {
		on, err := c.rules(ctx, onTopic(topic))
		if err != nil {
			return "", err
		}
		switch users := writers(topic, on); len(users) {
		case 0:
			given = topic
		case 1:
			given = users[0]
		default:
			return "", fmt.Errorf("topic %q has several users: %s: give --user", topic, strings.Join(users, ", "))
		}
	}
	return given, c.checkStationUser(given)
}

// PlanRotate gives the station's user a new password: in the file before it is in Kafka.
func (c *Cluster) PlanRotate(ctx context.Context, name Name, user, path string) (*Plan, error) {
	p := &Plan{Topic: name.Topic()}
	var err error
	if p.User, err = c.userOf(ctx, p.Topic, user); err != nil {
		return nil, err
	}
	return p, c.planRotate(ctx, p, path, fmt.Sprintf("stationctl site add %s %s %s --credentials FILE", name.Site, name.Index, name.Type))
}

// planRotate says which command makes the user if he is missing.
func (c *Cluster) planRotate(ctx context.Context, p *Plan, path, add string) error {
	exists, err := c.hasUser(ctx, p.User)
	if err != nil {
		return err
	}
	if !exists {
		return fmt.Errorf("there is no user %q with SCRAM-SHA-512: %s makes it", p.User, add)
	}
	file, err := readCredentials(path)
	if err == nil {
		err = file.of(p.User)
	}
	if err != nil {
		return err
	}
	c.planPassword(p, file, Changed)
	return nil
}
