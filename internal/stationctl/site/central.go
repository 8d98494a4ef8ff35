package site

import (
	"context"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
)

// CentralOptions say who reads all sites.
type CentralOptions struct {
	User  string
	Group string // the consumer group of all central Telegraf instances
	// Credentials is the file that gets the password.
	Credentials string
}

// rules are what a central Telegraf needs. Kafka's ACLs know no patterns, so it may read all topics but Kafka's own, whose names begin with "__".
func (o CentralOptions) rules() []rule {
	internal := allow(o.User, sarama.AclResourceTopic, "__", sarama.AclOperationAll)
	internal.ResourcePatternType, internal.PermissionType = sarama.AclPatternPrefixed, sarama.AclPermissionDeny
	return []rule{
		internal,
		allow(o.User, sarama.AclResourceTopic, "*", sarama.AclOperationRead),
		allow(o.User, sarama.AclResourceTopic, "*", sarama.AclOperationDescribe),
		allow(o.User, sarama.AclResourceGroup, o.Group, sarama.AclOperationRead),
	}
}

// PlanAddCentral makes the user who reads all sites. As with a site, he can log in only when all that keeps him to it is there.
func (c *Cluster) PlanAddCentral(options CentralOptions) (*Plan, error) {
	p := &Plan{User: options.User}
	if err := c.checkStationUser(p.User); err != nil {
		return nil, err
	}
	has, err := c.rulesOf(p.User)
	if err != nil {
		return nil, err
	}
	exists, err := c.hasUser(p.User)
	if err != nil {
		return nil, err
	}
	c.planWanted(p, options.rules(), has, "a central Telegraf")
	return p, c.planUser(p, exists, options.Credentials)
}

// PlanRotateCentral gives the central Telegraf's user a new password.
func (c *Cluster) PlanRotateCentral(user, path string) (*Plan, error) {
	p := &Plan{User: user}
	if err := c.checkStationUser(user); err != nil {
		return nil, err
	}
	return p, c.planRotate(p, path, "stationctl central add --credentials FILE")
}

// PlanRemoveCentral takes the user and what it may do away.
func (c *Cluster) PlanRemoveCentral(options CentralOptions) (*Plan, error) {
	p := &Plan{User: options.User}
	if err := c.checkStationUser(p.User); err != nil {
		return nil, err
	}
	exists, err := c.hasUser(p.User)
	if err != nil {
		return nil, err
	}
	has, err := c.rulesOf(p.User)
	if err != nil {
		return nil, err
	}
	wanted := options.rules()
	others := slices.DeleteFunc(slices.Clone(has), func(r rule) bool { return slices.Contains(wanted, r) })
	c.planRemoveUser(p, exists, others)
	slices.Reverse(wanted) // what is denied goes last
	for _, r := range wanted {
		if slices.Contains(has, r) {
			p.add(Removed, func(context.Context) error { return c.forbid(r) }, "ACL: %s", r)
		}
	}
	if !exists && p.Changes() == 0 {
		return nil, fmt.Errorf("there is no user %q: give --user", p.User)
	}
	return p, nil
}
