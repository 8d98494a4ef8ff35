package site

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// newTopic is a topic to create.
type newTopic struct {
	name    string
	options TopicOptions
}

// recordsAtOnce limits how many metadata records one request makes Kafka write. Kafka rejects more than 10000 (KAFKA-17870); with a tenth
// of them, other clients get their turn in between.
const recordsAtOnce = 1000

// records are one for the topic, one for each partition, and one for each setting.
func (t newTopic) records() int { return 1 + int(t.options.Partitions) + len(t.options.settings()) }

func (c *Cluster) createTopics(ctx context.Context, topics []newTopic) []error {
	return c.sendTopics(ctx, topics, false)
}

// sendTopics creates topics in as few requests as Kafka accepts; with dryRun, it only validates them.
func (c *Cluster) sendTopics(ctx context.Context, topics []newTopic, dryRun bool) []error {
	errs := make([]error, 0, len(topics))
	for len(topics) > 0 {
		count, records := 1, topics[0].records()
		for count < len(topics) && records+topics[count].records() <= recordsAtOnce {
			records += topics[count].records()
			count++
		}
		errs = append(errs, c.sendTopicRequest(ctx, topics[:count], dryRun)...)
		topics = topics[count:]
	}
	return errs
}

func (c *Cluster) sendTopicRequest(ctx context.Context, topics []newTopic, dryRun bool) []error {
	request := kmsg.NewPtrCreateTopicsRequest()
	request.TimeoutMillis, request.ValidateOnly = c.timeoutMillis(), dryRun
	for _, t := range topics {
		request.Topics = append(request.Topics, t.options.request(t.name))
	}
	answer, err := request.RequestWith(ctx, c.client)
	if err != nil {
		return all(len(topics), err)
	}
	results := make(map[string]error)
	for _, t := range answer.Topics {
		results[t.Topic] = answerError(t.ErrorCode, t.ErrorMessage)
	}
	return inOrder(topics, results, func(t newTopic) string { return t.name })
}

func (c *Cluster) timeoutMillis() int32 { return int32(c.timeouts.Change.Milliseconds()) } //nolint:gosec // half a minute

// answerError returns an error code of Kafka with its message.
func answerError(code int16, message *string) error {
	err := kerr.ErrorForCode(code)
	if err != nil && message != nil && *message != "" {
		return fmt.Errorf("%w: %s", err, *message)
	}
	return err
}

// inOrder returns the results in the order of the items. An item that Kafka did not answer is an error.
func inOrder[T any](items []T, results map[string]error, name func(T) string) []error {
	errs := make([]error, len(items))
	for i, item := range items {
		err, answered := results[name(item)]
		if !answered {
			err = fmt.Errorf("Kafka's answer does not mention %q", name(item)) //nolint:staticcheck // a name
		}
		errs[i] = err
	}
	return errs
}

// changesAtOnce keeps requests short: a broker answers the requests of a connection in their order.
const changesAtOnce = 64

// setting is a topic setting to change.
type setting struct{ topic, key, value string }

// alterTopics changes one setting per topic: Kafka rejects a topic that is mentioned twice.
func (c *Cluster) alterTopics(ctx context.Context, settings []setting) []error {
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	for _, s := range settings {
		resource := kmsg.NewIncrementalAlterConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, s.topic
		config := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		config.Name, config.Op, config.Value = s.key, kmsg.IncrementalAlterConfigOpSet, &s.value
		resource.Configs = append(resource.Configs, config)
		request.Resources = append(request.Resources, resource)
	}
	answer, err := request.RequestWith(ctx, c.client)
	if err != nil {
		return all(len(settings), err)
	}
	results := make(map[string]error)
	for _, r := range answer.Resources {
		results[r.ResourceName] = answerError(r.ErrorCode, r.ErrorMessage)
	}
	return inOrder(settings, results, func(s setting) string { return s.topic })
}

func (c *Cluster) createRules(ctx context.Context, rules []rule) []error {
	request := kmsg.NewPtrCreateACLsRequest()
	for _, r := range rules {
		request.Creations = append(request.Creations, kmsg.CreateACLsRequestCreation{
			ResourceType: r.Type, ResourceName: r.Name, ResourcePatternType: r.Pattern,
			Principal: r.Principal, Host: r.Host, Operation: r.Operation, PermissionType: r.Permission,
		})
	}
	answer, err := request.RequestWith(ctx, c.client)
	if err == nil && len(answer.Results) != len(rules) {
		err = fmt.Errorf("Kafka answered %d of %d ACLs", len(answer.Results), len(rules)) //nolint:staticcheck // a name
	}
	if err != nil {
		return all(len(rules), err)
	}
	errs := make([]error, len(rules))
	for i, created := range answer.Results { // in the order of the request
		errs[i] = answerError(created.ErrorCode, created.ErrorMessage)
	}
	return errs
}

// usersAtOnce keeps a request short: hashing a password takes 10 ms.
const usersAtOnce = 32

func (c *Cluster) upsertUsers(ctx context.Context, users []kadm.UpsertSCRAM) []error {
	answer, err := c.admin.AlterUserSCRAMs(ctx, nil, slices.Clone(users)) // it replaces passwords by hashes in place
	if err != nil {
		return all(len(users), explain(err))
	}
	results := make(map[string]error)
	for _, r := range answer {
		results[r.User] = refusal(r)
	}
	return inOrder(users, results, func(u kadm.UpsertSCRAM) string { return u.User })
}
