package site

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// CentralOptions describe the user that reads all sites.
type CentralOptions struct {
	User  string
	Group string // the consumer group of all central Telegraf instances
	// Credentials is the file to write the password to.
	Credentials string
}

// rules are the ACLs of the central Telegraf. ACLs have no patterns, so it can read all topics except those of Kafka itself, which begin
// with "__".
func (o CentralOptions) rules() []rule {
	internal := allow(o.User, kmsg.ACLResourceTypeTopic, "__", kmsg.ACLOperationAll)
	internal.Pattern, internal.Permission = kmsg.ACLResourcePatternTypePrefixed, kmsg.ACLPermissionTypeDeny
	return []rule{
		internal,
		allow(o.User, kmsg.ACLResourceTypeTopic, "*", kmsg.ACLOperationRead),
		allow(o.User, kmsg.ACLResourceTypeTopic, "*", kmsg.ACLOperationDescribe),
		allow(o.User, kmsg.ACLResourceTypeGroup, o.Group, kmsg.ACLOperationRead),
	}
}

// PlanAddCentral creates the user that reads all sites. As with a site, the ACLs come before the login.
func (c *Cluster) PlanAddCentral(ctx context.Context, options CentralOptions) (*Plan, error) {
	p := &Plan{User: options.User}
	if err := c.checkStationUser(p.User); err != nil {
		return nil, err
	}
	has, err := c.rulesOf(ctx, p.User)
	if err != nil {
		return nil, err
	}
	exists, err := c.hasUser(ctx, p.User)
	if err != nil {
		return nil, err
	}
	c.planRules(p, options.rules(), has, "a central Telegraf")
	return p, c.planUser(ctx, p, exists, options.Credentials)
}

// PlanRotateCentral sets a new password for the user of the central Telegraf.
func (c *Cluster) PlanRotateCentral(ctx context.Context, user, path string) (*Plan, error) {
	p := &Plan{User: user}
	if err := c.checkStationUser(user); err != nil {
		return nil, err
	}
	return p, c.planRotate(ctx, p, path, "stationctl central add --credentials FILE")
}

// PlanRemoveCentral removes the user and its ACLs.
func (c *Cluster) PlanRemoveCentral(ctx context.Context, options CentralOptions) (*Plan, error) {
	p := &Plan{User: options.User}
	if err := c.checkStationUser(p.User); err != nil {
		return nil, err
	}
	exists, err := c.hasUser(ctx, p.User)
	if err != nil {
		return nil, err
	}
	has, err := c.rulesOf(ctx, p.User)
	if err != nil {
		return nil, err
	}
	wanted := options.rules()
	others := slices.DeleteFunc(slices.Clone(has), func(r rule) bool { return slices.Contains(wanted, r) })
	c.planRemoveUser(p, exists, others)
	slices.Reverse(wanted) // the denials go last
	for _, r := range wanted {
		if slices.Contains(has, r) {
			p.add(Removed, func(ctx context.Context) error { return c.forbid(ctx, r) }, "ACL: %s", r)
		}
	}
	if !exists && p.Changes() == 0 {
		return nil, fmt.Errorf("user %q does not exist; set --user", p.User)
	}
	return p, nil
}
