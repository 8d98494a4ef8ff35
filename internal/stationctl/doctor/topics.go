package doctor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites"
)

// sites is what a central Telegraf reads.
type sites struct {
	*connection
	input *kafka_sites.KafkaSites
}

func (d *doctor) sitesChecks(k *connection, input *kafka_sites.KafkaSites, reached *[]string) []check {
	s := &sites{k, input}
	topics, acl := k.label+"topics", k.label+"ACL"
	var found []*sarama.TopicMetadata
	return []check{
		{name: topics, needs: []string{k.label + saslCheck}, run: storing(&found, func(context.Context) ([]*sarama.TopicMetadata, result) { return s.topics(*reached) })},
		{name: acl, needs: []string{topics}, run: func(context.Context) result { return s.acl(*reached, found) }},
		{name: k.label + "group", needs: []string{acl}, run: func(context.Context) result { return s.group(*reached) }},
		{name: k.label + "lag", needs: []string{acl}, run: func(context.Context) result { return s.lag(*reached, found) }},
	}
}

// topics finds the topics that this central Telegraf consumes, of those that it is allowed to see.
func (s *sites) topics(reached []string) (found []*sarama.TopicMetadata, r result) {
	var patterns []*regexp.Regexp
	for _, text := range s.input.TopicRegexps {
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, failed(s.fixEdit("topic_regexps"), "%v", err)
		}
		patterns = append(patterns, pattern)
	}
	response, err := s.metadata(reached, &sarama.MetadataRequest{Version: permissionsVersion, IncludeTopicAuthorizedOperations: true})
	if err != nil {
		return nil, failed("", "%v", err)
	}
	for _, topic := range response.Topics {
		if slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(topic.Name) }) {
			found = append(found, topic)
		}
	}
	switch {
	case len(found) == 0 && s.settings.Net.SASL.Enable:
		return found, warning(s.fixGrant(), "user %q can see no topic that matches %q", s.user(), s.input.TopicRegexps)
	case len(found) == 0:
		return found, warning(s.fixCreateSite("SITE INDEX TYPE"), "no topic matches %q", s.input.TopicRegexps)
	}
	return found, ok("%s: %s", countOf(len(found), "topic"), firstNames(found))
}

// firstNames lists only a few topics: a fleet has thousands.
func firstNames(topics []*sarama.TopicMetadata) string {
	const limit = 5
	var names []string
	for _, topic := range topics {
		names = append(names, topic.Name)
	}
	slices.Sort(names)
	if len(names) > limit {
		return strings.Join(names[:limit], ", ") + fmt.Sprintf(" and %d more", len(names)-limit)
	}
	return strings.Join(names, ", ")
}

// fixGrant grants this user the permissions of a central Telegraf.
func (s *sites) fixGrant() string {
	return s.fixAsAdmin("central add") + " --user " + quote(s.user()) + " --group " + quote(s.input.ConsumerGroup)
}

// acl checks the permissions to read the topics and to join the group.
func (s *sites) acl(reached []string, topics []*sarama.TopicMetadata) result {
	unreadable := slices.DeleteFunc(slices.Clone(topics), func(topic *sarama.TopicMetadata) bool {
		return topic.TopicAuthorizedOperations == unknownOperations || isAuthorized(topic.TopicAuthorizedOperations, sarama.AclOperationRead)
	})
	if len(unreadable) > 0 {
		return failed(s.fixGrant(), "user %q lacks READ on %s: %s", s.user(), countOf(len(unreadable), "topic"), firstNames(unreadable))
	}
	group, err := s.describeGroup(reached)
	switch {
	case errors.Is(err, sarama.ErrGroupAuthorizationFailed):
		return failed(s.fixGrant(), "user %q has no permissions on group %q", s.user(), s.input.ConsumerGroup)
	case err != nil:
		return failed("", "group %q: %v", s.input.ConsumerGroup, err)
	case group.AuthorizedOperations != unknownOperations && !isAuthorized(group.AuthorizedOperations, sarama.AclOperationRead):
		return failed(s.fixGrant(), "user %q lacks READ on group %q", s.user(), s.input.ConsumerGroup)
	}
	return ok("this user can read the topics and join group %q", s.input.ConsumerGroup)
}
