package site

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"
)

// rule is an ACL.
type rule struct {
	sarama.Resource
	sarama.Acl
}

const principalPrefix = "User:"

func (r rule) String() string {
	resource := fmt.Sprintf("topic %q", r.ResourceName)
	if r.ResourceType != sarama.AclResourceTopic {
		resource = fmt.Sprintf("%s %q", strings.ToLower(r.ResourceType.String()), r.ResourceName)
	}
	if r.ResourceName == "*" && r.ResourcePatternType == sarama.AclPatternLiteral {
		resource = "every " + strings.ToLower(r.ResourceType.String())
	}
	if r.ResourcePatternType == sarama.AclPatternPrefixed {
		resource = "each " + strings.ToLower(r.ResourceType.String()) + fmt.Sprintf(" whose name begins with %q", r.ResourceName)
	}
	verb := "may"
	if r.PermissionType == sarama.AclPermissionDeny {
		verb = "must not"
	}
	text := fmt.Sprintf("%s %s %s %s", r.Principal, verb, strings.ToUpper(r.Operation.String()), resource)
	if r.Host != "*" {
		text += " from " + r.Host
	}
	return text
}

// allow is a right on exactly one resource. A prefixed one on site_1 would be one on site_10 too.
func allow(user string, resource sarama.AclResourceType, name string, operation sarama.AclOperation) rule {
	return rule{
		sarama.Resource{ResourceType: resource, ResourceName: name, ResourcePatternType: sarama.AclPatternLiteral},
		sarama.Acl{Principal: principalPrefix + user, Host: "*", Operation: operation, PermissionType: sarama.AclPermissionAllow},
	}
}

// stationRules are what a station needs, and no more.
func (v *view) stationRules(user, topic string) []rule {
	rules := []rule{
		allow(user, sarama.AclResourceTopic, topic, sarama.AclOperationWrite),
		allow(user, sarama.AclResourceTopic, topic, sarama.AclOperationDescribe),
	}
	if v.idempotent {
		rules = append(rules, idempotentWrite(user))
	}
	return rules
}

func idempotentWrite(user string) rule {
	return allow(user, sarama.AclResourceCluster, "kafka-cluster", sarama.AclOperationIdempotentWrite)
}

// any is a filter that lets all through.
func anyRule() sarama.AclFilter {
	return sarama.AclFilter{
		ResourceType: sarama.AclResourceAny, ResourcePatternTypeFilter: sarama.AclPatternAny,
		Operation: sarama.AclOperationAny, PermissionType: sarama.AclPermissionAny,
	}
}

func (c *Cluster) rules(filter sarama.AclFilter) ([]rule, error) {
	found, err := c.admin.ListAcls(filter)
	if err != nil {
		return nil, fmt.Errorf("the ACLs cannot be read: %w", explain(err))
	}
	var all []rule
	for _, resource := range found {
		for _, acl := range resource.Acls {
			all = append(all, rule{resource.Resource, *acl})
		}
	}
	slices.SortFunc(all, compareRules)
	return all, nil
}

func compareRules(a, b rule) int {
	return cmp.Or(
		strings.Compare(a.Principal, b.Principal), cmp.Compare(a.PermissionType, b.PermissionType), cmp.Compare(a.Operation, b.Operation),
		strings.Compare(a.ResourceName, b.ResourceName), cmp.Compare(a.ResourceType, b.ResourceType),
	)
}

func (c *Cluster) rulesOf(user string) ([]rule, error) {
	filter := anyRule()
	principal := principalPrefix + user
	filter.Principal = &principal
	return c.rules(filter)
}

// rulesOn are those that speak of a topic by its name, by the beginning of it, or by "*".
func (c *Cluster) rulesOn(topic string) ([]rule, error) {
	filter := anyRule()
	filter.ResourceType, filter.ResourceName, filter.ResourcePatternTypeFilter = sarama.AclResourceTopic, &topic, sarama.AclPatternMatch
	return c.rules(filter)
}

// planRules makes the missing ones, and tells of what lets more people write, or this user more than his topic.
func (c *Cluster) planRules(p *Plan, v *view) {
	c.planWanted(p, v.stationRules(p.User, p.Topic), v.rules[principalPrefix+p.User], "a station")
	for _, r := range v.wideOn(p.Topic, p.User) {
		p.doubt("ACL: %s: other stations may write this topic; remove it with kafka-acls.sh --remove", r)
	}
}

// planWanted makes the rules that are missing; who is whose they are.
func (c *Cluster) planWanted(p *Plan, wanted, has []rule, who string) {
	for _, r := range wanted {
		if slices.Contains(has, r) {
			p.is("ACL: %s", r)
			continue
		}
		p.add(Made, func(context.Context) error { return c.permit(r) }, "ACL: %s", r)
	}
	for _, r := range has {
		if !slices.Contains(wanted, r) && r != idempotentWrite(p.User) {
			p.doubt("ACL: %s: it is more, or less, than %s needs; remove it with kafka-acls.sh --remove", r, who)
		}
	}
}

// letsMany says that a rule lets users write who were not named for the topic.
func (r rule) letsMany() bool {
	writes := r.Operation == sarama.AclOperationWrite || r.Operation == sarama.AclOperationAll
	wide := r.ResourcePatternType == sarama.AclPatternPrefixed || r.Principal == principalPrefix+"*"
	return writes && wide && r.PermissionType == sarama.AclPermissionAllow && r.ResourceType == sarama.AclResourceTopic
}

// on says that a rule speaks of the topic: by its name, by the beginning of it, or by "*".
func (r rule) on(topic string) bool {
	if r.ResourcePatternType == sarama.AclPatternPrefixed {
		return strings.HasPrefix(topic, r.ResourceName)
	}
	return r.ResourceName == topic || r.ResourceName == "*"
}

func (c *Cluster) permit(r rule) error { return explain(c.toPermit.do(r)) }

// forbid removes one rule and nothing else.
func (c *Cluster) forbid(r rule) error {
	_, err := c.admin.DeleteACL(sarama.AclFilter{
		ResourceType: r.ResourceType, ResourceName: &r.ResourceName, ResourcePatternTypeFilter: r.ResourcePatternType,
		Principal: &r.Principal, Host: &r.Host, Operation: r.Operation, PermissionType: r.PermissionType,
	}, false)
	return explain(err)
}

// writers are the users who may write exactly this topic: the station's, unless somebody added others.
func writers(topic string, rules []rule) []string {
	var users []string
	for _, r := range rules {
		name, isUser := strings.CutPrefix(r.Principal, principalPrefix)
		if isUser && name != "*" && r == allow(name, sarama.AclResourceTopic, topic, sarama.AclOperationWrite) {
			users = append(users, name)
		}
	}
	return users
}
