package site

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// newTopic is a topic to make.
type newTopic struct {
	name    string
	options TopicOptions
}

// recordsAtOnce is how many records of its metadata one request may have Kafka write. It refuses more than 10000 at once (KAFKA-17870);
// with a tenth of it others get their turn in between.
const recordsAtOnce = 1000

// records are one for the topic, one for each partition, and one for each setting.
func (t newTopic) records() int { return 1 + int(t.options.Partitions) + len(t.options.settings()) }

// createTopics makes them in as few requests as Kafka can take; or it only tries whether Kafka would.
func (c *Cluster) createTopics(topics []newTopic, try bool) []error {
	errs := make([]error, 0, len(topics))
	for len(topics) > 0 {
		count, records := 1, topics[0].records()
		for count < len(topics) && records+topics[count].records() <= recordsAtOnce {
			records += topics[count].records()
			count++
		}
		errs = append(errs, c.createSome(topics[:count], try)...)
		topics = topics[count:]
	}
	return errs
}

func (c *Cluster) createSome(topics []newTopic, try bool) []error {
	details := make(map[string]*sarama.TopicDetail, len(topics))
	for _, t := range topics {
		details[t.name] = t.options.detail()
	}
	config := c.client.Config()
	broker, err := c.admin.Controller()
	if err != nil {
		return all(len(topics), err)
	}
	answer, err := broker.CreateTopics(sarama.NewCreateTopicsRequest(config.Version, details, config.Admin.Timeout, try))
	if err != nil {
		return all(len(topics), err)
	}
	errs := make([]error, len(topics))
	for i, t := range topics {
		switch result := answer.TopicErrors[t.name]; {
		case result == nil:
			errs[i] = sarama.ErrIncompleteResponse
		case !errors.Is(result.Err, sarama.ErrNoError):
			errs[i] = result
		}
	}
	return errs
}

// changesAtOnce keeps other requests short, too: a connection has one at a time.
const changesAtOnce = 64

// setting is one to change of a topic.
type setting struct{ topic, key, value string }

// alterTopics takes one setting of each topic: Kafka refuses two at once.
func (c *Cluster) alterTopics(settings []setting) []error {
	request := &sarama.IncrementalAlterConfigsRequest{Version: 1}
	for _, s := range settings {
		request.Resources = append(request.Resources, &sarama.IncrementalAlterConfigsResource{
			Type: sarama.TopicResource, Name: s.topic,
			ConfigEntries: map[string]sarama.IncrementalAlterConfigsEntry{s.key: {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &s.value}},
		})
	}
	broker, err := c.admin.Controller()
	if err != nil {
		return all(len(settings), err)
	}
	answer, err := broker.IncrementalAlterConfigs(request)
	if err != nil {
		return all(len(settings), err)
	}
	results := make(map[string]error)
	for _, r := range answer.Resources {
		if code := sarama.KError(r.ErrorCode); !errors.Is(code, sarama.ErrNoError) {
			results[r.Name] = fmt.Errorf("%w: %s", code, r.ErrorMsg)
		}
	}
	errs := make([]error, len(settings))
	for i, s := range settings {
		errs[i] = results[s.topic]
	}
	return errs
}

// createRules asks the broker itself: the library's CreateACLs passes over the answer.
func (c *Cluster) createRules(rules []rule) []error {
	request := &sarama.CreateAclsRequest{Version: 1}
	for _, r := range rules {
		request.AclCreations = append(request.AclCreations, &sarama.AclCreation{Resource: r.Resource, Acl: r.Acl})
	}
	broker, err := c.admin.Controller()
	if err != nil {
		return all(len(rules), err)
	}
	answer, err := broker.CreateAcls(request)
	if err == nil && len(answer.AclCreationResponses) != len(rules) {
		err = sarama.ErrIncompleteResponse
	}
	if err != nil {
		return all(len(rules), err)
	}
	errs := make([]error, len(rules))
	for i, created := range answer.AclCreationResponses { // in the order of the request
		if !errors.Is(created.Err, sarama.ErrNoError) {
			errs[i] = created.Err
		}
	}
	return errs
}

// usersAtOnce keeps a request short: the library hashes each password twice, in 10 ms each.
const usersAtOnce = 32

// upsertUsers has a connection of its own: while the library hashes the passwords, it lets nothing else through one.
func (c *Cluster) upsertUsers(users []sarama.AlterUserScramCredentialsUpsert) []error {
	broker, err := c.dial(c.client.Config())
	if err != nil {
		return all(len(users), explain(err))
	}
	defer broker.Close() //nolint:errcheck // the answer is what counts
	answer, err := broker.AlterUserScramCredentials(&sarama.AlterUserScramCredentialsRequest{Upsertions: users})
	if err != nil {
		return all(len(users), explain(err))
	}
	byName := make(map[string]*sarama.AlterUserScramCredentialsResult)
	for _, r := range answer.Results {
		byName[r.User] = r
	}
	errs := make([]error, len(users))
	for i, u := range users {
		if r := byName[u.Name]; r != nil {
			errs[i] = refusal(r)
		} else {
			errs[i] = sarama.ErrIncompleteResponse
		}
	}
	return errs
}
