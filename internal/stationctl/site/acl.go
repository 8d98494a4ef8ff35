package site

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// rule is an ACL.
type rule kadm.DescribedACL

const principalPrefix = "User:"

func (r rule) String() string {
	resource := fmt.Sprintf("topic %q", r.Name)
	if r.Type != kmsg.ACLResourceTypeTopic {
		resource = fmt.Sprintf("%s %q", strings.ToLower(r.Type.String()), r.Name)
	}
	if r.Name == "*" && r.Pattern == kmsg.ACLResourcePatternTypeLiteral {
		resource = "every " + strings.ToLower(r.Type.String())
	}
	if r.Pattern == kmsg.ACLResourcePatternTypePrefixed {
		resource = "every " + strings.ToLower(r.Type.String()) + fmt.Sprintf(" with the prefix %q", r.Name)
	}
	verb := "may"
	if r.Permission == kmsg.ACLPermissionTypeDeny {
		verb = "must not"
	}
	text := fmt.Sprintf("%s %s %s %s", r.Principal, verb, r.Operation, resource)
	if r.Host != "*" {
		text += " from " + r.Host
	}
	return text
}

// allow permits an operation on exactly one resource. A prefixed ACL on site_1 would cover site_10, too.
func allow(user string, resource kmsg.ACLResourceType, name string, operation kmsg.ACLOperation) rule {
	return rule{
		Principal: principalPrefix + user, Host: "*", Type: resource, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral,
		Operation: operation, Permission: kmsg.ACLPermissionTypeAllow,
	}
}

// stationRules are the ACLs that a station requires, and no more.
func (v *view) stationRules(user, topic string) []rule {
	rules := []rule{
		allow(user, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationWrite),
		allow(user, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationDescribe),
	}
	if v.idempotent {
		rules = append(rules, idempotentWrite(user))
	}
	return rules
}

func idempotentWrite(user string) rule {
	return allow(user, kmsg.ACLResourceTypeCluster, "kafka-cluster", kmsg.ACLOperationIdempotentWrite)
}

// anyRule is a filter that every ACL matches.
func anyRule() *kmsg.DescribeACLsRequest {
	filter := kmsg.NewPtrDescribeACLsRequest()
	filter.ResourceType, filter.ResourcePatternType = kmsg.ACLResourceTypeAny, kmsg.ACLResourcePatternTypeAny
	filter.Operation, filter.PermissionType = kmsg.ACLOperationAny, kmsg.ACLPermissionTypeAny
	return filter
}

func (c *Cluster) rules(ctx context.Context, filter *kmsg.DescribeACLsRequest) ([]rule, error) {
	found, err := filter.RequestWith(ctx, c.client)
	if err == nil {
		err = answerError(found.ErrorCode, found.ErrorMessage)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the ACLs: %w", explain(err))
	}
	var rules []rule
	for _, r := range found.Resources {
		for _, acl := range r.ACLs {
			rules = append(rules, rule{
				Principal: acl.Principal, Host: acl.Host, Type: r.ResourceType, Name: r.ResourceName, Pattern: r.ResourcePatternType,
				Operation: acl.Operation, Permission: acl.PermissionType,
			})
		}
	}
	slices.SortFunc(rules, compareRules)
	return rules, nil
}

func compareRules(a, b rule) int {
	return cmp.Or(
		strings.Compare(a.Principal, b.Principal), cmp.Compare(a.Permission, b.Permission), cmp.Compare(a.Operation, b.Operation),
		strings.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type),
	)
}

func (c *Cluster) rulesOf(ctx context.Context, user string) ([]rule, error) {
	filter := anyRule()
	filter.Principal = new(principalPrefix + user)
	return c.rules(ctx, filter)
}

// onTopic is a filter that the ACLs match that apply to a topic: by its name, a prefix, or "*".
func onTopic(topic string) *kmsg.DescribeACLsRequest {
	filter := anyRule()
	filter.ResourceType, filter.ResourceName, filter.ResourcePatternType = kmsg.ACLResourceTypeTopic, &topic, kmsg.ACLResourcePatternTypeMatch
	return filter
}

// planStationRules creates the missing ACLs. It warns of ACLs that let others write to the topic, or this user do more.
func (c *Cluster) planStationRules(p *Plan, v *view) {
	c.planRules(p, v.stationRules(p.User, p.Topic), v.rules[principalPrefix+p.User], "a station")
	for _, r := range v.othersOn(p.Topic, p.User) {
		p.warn("ACL: %s: other stations can write to this topic; remove it with kafka-acls.sh --remove", r)
	}
}

// planRules creates the missing ACLs; who names their user in warnings.
func (c *Cluster) planRules(p *Plan, wanted, has []rule, who string) {
	for _, r := range wanted {
		if slices.Contains(has, r) {
			p.keep("ACL: %s", r)
			continue
		}
		p.add(Created, func(context.Context) error { return c.permit(r) }, "ACL: %s", r)
	}
	for _, r := range has {
		if !slices.Contains(wanted, r) && r != idempotentWrite(p.User) {
			p.warn("ACL: %s: not what %s requires; remove it with kafka-acls.sh --remove", r, who)
		}
	}
}

// allowsOthers reports whether a rule lets users write that are not named for the topic.
func (r rule) allowsOthers() bool {
	writes := r.Operation == kmsg.ACLOperationWrite || r.Operation == kmsg.ACLOperationAll
	wide := r.Pattern == kmsg.ACLResourcePatternTypePrefixed || r.Principal == principalPrefix+"*"
	return writes && wide && r.Permission == kmsg.ACLPermissionTypeAllow && r.Type == kmsg.ACLResourceTypeTopic
}

// on reports whether a rule applies to the topic: by its name, a prefix, or "*".
func (r rule) on(topic string) bool {
	if r.Pattern == kmsg.ACLResourcePatternTypePrefixed {
		return strings.HasPrefix(topic, r.Name)
	}
	return r.Name == topic || r.Name == "*"
}

func (c *Cluster) permit(r rule) error { return explain(c.toPermit.do(r)) }

// forbid deletes one ACL and nothing else.
func (c *Cluster) forbid(ctx context.Context, r rule) error {
	request := kmsg.NewPtrDeleteACLsRequest()
	request.Filters = []kmsg.DeleteACLsRequestFilter{{
		ResourceType: r.Type, ResourceName: &r.Name, ResourcePatternType: r.Pattern,
		Principal: &r.Principal, Host: &r.Host, Operation: r.Operation, PermissionType: r.Permission,
	}}
	answer, err := request.RequestWith(ctx, c.client)
	if err != nil {
		return explain(err)
	}
	for _, result := range answer.Results {
		err = cmp.Or(err, answerError(result.ErrorCode, result.ErrorMessage))
		for _, deleted := range result.MatchingACLs {
			err = cmp.Or(err, answerError(deleted.ErrorCode, deleted.ErrorMessage))
		}
	}
	return explain(err)
}

// usersThatWrite returns the users that can write to exactly this topic: that of the station, unless an operator added others.
func usersThatWrite(topic string, rules []rule) []string {
	var users []string
	for _, r := range rules {
		name, isUser := strings.CutPrefix(r.Principal, principalPrefix)
		if isUser && name != "*" && r == allow(name, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationWrite) {
			users = append(users, name)
		}
	}
	return users
}
