package site

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// PlanRemove removes the user and the ACLs of the station and, with records, the topic. The user goes first, which prevents new logins;
// an open connection loses its permissions with the ACLs.
func (c *Cluster) PlanRemove(ctx context.Context, name Name, user string, records bool) (*Plan, error) {
	p := &Plan{Topic: name.Topic()}
	state, err := c.topic(ctx, p.Topic)
	if err != nil {
		return nil, err
	}
	p.User, err = c.userOf(ctx, p.Topic, user)
	switch {
	case errors.Is(err, kerr.SecurityDisabled) && state != nil:
		p.keep("no user and no ACLs: this Kafka has no ACLs")
	case err != nil:
		return nil, err
	default:
		if err := c.planRemoveAccess(ctx, p); err != nil {
			return nil, err
		}
	}
	if state == nil && p.Changes() == 0 {
		return nil, fmt.Errorf(`neither topic %q nor user %q exists; "stationctl site list" shows the existing topics`, p.Topic, p.User)
	}
	c.planRemoveTopic(p, state, records)
	return p, nil
}

// planRemoveAccess removes the user and its ACLs for the topic.
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

// split separates the rules that are removed with the site from the rest.
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
		p.keep("no user %q", p.User)
	case len(others) > 0:
		p.warn("user %q is kept, because it has another ACL: %s", p.User, others[0])
	default:
		p.add(Removed, func(ctx context.Context) error { return c.removeUser(ctx, p.User) }, "user %q", p.User)
	}
}

func (c *Cluster) planRemoveTopic(p *Plan, state *topicState, records bool) {
	switch {
	case state == nil:
		p.keep("no topic %q", p.Topic)
	case records:
		p.add(Removed, func(ctx context.Context) error { return c.deleteTopic(ctx, p.Topic) }, "topic %q with all its records", p.Topic)
	default:
		p.keep("topic %q and its records are kept; --with-records deletes them", p.Topic)
	}
}

// userOf returns the user of the station: the given one, the only one that can write to the topic, or the one with the name of the topic.
func (c *Cluster) userOf(ctx context.Context, topic, given string) (string, error) {
	if given == "" {
		on, err := c.rules(ctx, onTopic(topic))
		if err != nil {
			return "", err
		}
		switch users := usersThatWrite(topic, on); len(users) {
		case 0:
			given = topic
		case 1:
			given = users[0]
		default:
			return "", fmt.Errorf("topic %q has several users (%s); choose one with --user", topic, strings.Join(users, ", "))
		}
	}
	return given, c.checkStationUser(given)
}

// PlanRotate sets a new password for the user of the station, in the file before it is in Kafka.
func (c *Cluster) PlanRotate(ctx context.Context, name Name, user, path string) (*Plan, error) {
	p := &Plan{Topic: name.Topic()}
	var err error
	if p.User, err = c.userOf(ctx, p.Topic, user); err != nil {
		return nil, err
	}
	return p, c.planRotate(ctx, p, path, fmt.Sprintf("stationctl site add %s %s %s --credentials FILE", name.Site, name.Index, name.Type))
}

// planRotate names, in its error, the command that creates a missing user.
func (c *Cluster) planRotate(ctx context.Context, p *Plan, path, add string) error {
	exists, err := c.hasUser(ctx, p.User)
	if err != nil {
		return err
	}
	if !exists {
		return fmt.Errorf(`user %q does not exist (SCRAM-SHA-512); create it with "%s"`, p.User, add)
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
