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
	*kafkaEnd
	input  *kafka_sites.KafkaSites
	topics []*sarama.TopicMetadata
}

func (d *doctor) groupChecks(k *kafkaEnd, input *kafka_sites.KafkaSites) []check {
	s := &sites{kafkaEnd: k, input: input}
	topics, acl := k.label+"topics", k.label+"ACL"
	return []check{
		{name: topics, needs: []string{k.label + saslCheck}, run: s.matching},
		{name: acl, needs: []string{topics}, run: s.rights},
		{name: k.label + "group", needs: []string{acl}, run: s.group},
		{name: k.label + "lag", needs: []string{acl}, run: s.lag},
	}
}

// matching are the topics that this central Telegraf would consume, of those that it may see.
func (s *sites) matching(context.Context) result {
	var patterns []*regexp.Regexp
	for _, text := range s.input.TopicRegexps {
		pattern, err := regexp.Compile(text)
		if err != nil {
			return bad(s.edit("topic_regexps"), "%v", err)
		}
		patterns = append(patterns, pattern)
	}
	err := s.ask(func(broker *sarama.Broker) error {
		told, err := broker.GetMetadata(&sarama.MetadataRequest{Version: rightsVersion, IncludeTopicAuthorizedOperations: true})
		if err != nil {
			return err
		}
		for _, topic := range told.Topics {
			if slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(topic.Name) }) {
				s.topics = append(s.topics, topic)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return bad("", "%v", err)
	case len(s.topics) == 0 && s.settings.Net.SASL.Enable:
		return doubtful(s.allow(), "no topic that user %q may see matches %q", s.settings.Net.SASL.User, s.input.TopicRegexps)
	case len(s.topics) == 0:
		return doubtful(s.siteCommand("SITE INDEX TYPE"), "no topic matches %q", s.input.TopicRegexps)
	}
	return good("%d match: %s", len(s.topics), some(s.topics))
}

// some are the first names: a fleet has thousands.
func some(topics []*sarama.TopicMetadata) string {
	const shown = 5
	var names []string
	for _, topic := range topics {
		names = append(names, topic.Name)
	}
	slices.Sort(names)
	if len(names) > shown {
		return strings.Join(names[:shown], ", ") + fmt.Sprintf(" and %d more", len(names)-shown)
	}
	return strings.Join(names, ", ")
}

// allow gives this user the rights of a central Telegraf.
func (s *sites) allow() string {
	return s.administer("central add") + " --user " + quote(s.settings.Net.SASL.User) + " --group " + quote(s.input.ConsumerGroup)
}

// rights are to read the topics, and to be in the group.
func (s *sites) rights(context.Context) result {
	var closed []*sarama.TopicMetadata
	for _, topic := range s.topics {
		if topic.TopicAuthorizedOperations != untold && !may(topic.TopicAuthorizedOperations, sarama.AclOperationRead) {
			closed = append(closed, topic)
		}
	}
	if len(closed) > 0 {
		return bad(s.allow(), "user %q may not READ %d topic(s): %s", s.settings.Net.SASL.User, len(closed), some(closed))
	}
	described, err := s.describe()
	switch {
	case errors.Is(err, sarama.ErrGroupAuthorizationFailed):
		return bad(s.allow(), "user %q has no right on group %q", s.settings.Net.SASL.User, s.input.ConsumerGroup)
	case err != nil:
		return bad("", "group %q: %v", s.input.ConsumerGroup, err)
	case described.AuthorizedOperations != untold && !may(described.AuthorizedOperations, sarama.AclOperationRead):
		return bad(s.allow(), "user %q may not READ (join) group %q", s.settings.Net.SASL.User, s.input.ConsumerGroup)
	}
	return good("this user may read the topics, and join group %q", s.input.ConsumerGroup)
}

// describe asks the group's coordinator.
func (s *sites) describe() (*sarama.GroupDescription, error) {
	client, err := s.client()
	if err != nil {
		return nil, err
	}
	defer client.Close() //nolint:errcheck // it was only asked
	coordinator, err := client.Coordinator(s.input.ConsumerGroup)
	if err != nil {
		return nil, err
	}
	answer, err := coordinator.DescribeGroups(&sarama.DescribeGroupsRequest{Version: 3, Groups: []string{s.input.ConsumerGroup}, IncludeAuthorizedOperations: true})
	if err != nil {
		return nil, err
	}
	if len(answer.Groups) != 1 {
		return nil, sarama.ErrIncompleteResponse
	}
	if group := answer.Groups[0]; !errors.Is(group.Err, sarama.ErrNoError) && !errors.Is(group.Err, sarama.ErrGroupIDNotFound) {
		return nil, group.Err
	}
	return answer.Groups[0], nil
}

// group says who consumes.
func (s *sites) group(context.Context) result {
	described, err := s.describe()
	switch {
	case err != nil:
		return bad("", "%v", err)
	case len(described.Members) == 0:
		return bad("sudo systemctl enable --now telegraf-station", "nobody consumes: group %q has no member", s.input.ConsumerGroup)
	}
	return good("%q has %d member(s), and is %s", s.input.ConsumerGroup, len(described.Members), strings.ToLower(described.State))
}

// muchLag is an hour of one site at a reading a second.
const muchLag = 3600

// lag is how many records are in the topics and not in InfluxDB.
func (s *sites) lag(context.Context) result {
	admin, err := sarama.NewClusterAdmin(s.reached, s.settings)
	if err != nil {
		return bad("", "%v", err)
	}
	defer admin.Close() //nolint:errcheck // it was only asked
	partitions, newest := make(map[string][]int32), make(map[string]map[int32]int64)
	for _, topic := range s.topics {
		newest[topic.Name] = make(map[int32]int64)
		for _, partition := range topic.Partitions {
			partitions[topic.Name] = append(partitions[topic.Name], partition.ID)
			newest[topic.Name][partition.ID] = sarama.OffsetNewest
		}
	}
	if len(partitions) == 0 {
		return unchecked("there is no topic")
	}
	committed, err := admin.ListConsumerGroupOffsets(s.input.ConsumerGroup, partitions)
	if errors.Is(err, sarama.ErrGroupIDNotFound) { // nobody has consumed yet
		committed, err = &sarama.OffsetFetchResponse{}, nil
	}
	if err != nil {
		return bad("", "%v", err)
	}
	ends, err := admin.ListOffsets(newest, nil)
	if err != nil {
		return bad("", "%v", err)
	}
	return judgeLag(sum(committed, ends))
}

func sum(committed *sarama.OffsetFetchResponse, ends map[string]map[int32]*sarama.OffsetResult) (lag int64, most string, mostLag int64) {
	for topic, partitions := range ends {
		for partition, end := range partitions {
			if end == nil {
				continue
			}
			behind := end.Offset
			if block := committed.GetBlock(topic, partition); block != nil {
				behind = max(0, end.Offset-max(0, block.Offset))
			}
			lag += behind
			if behind > mostLag {
				most, mostLag = topic, behind
			}
		}
	}
	return lag, most, mostLag
}

func judgeLag(lag int64, most string, mostLag int64) result {
	if mostLag > muchLag {
		return doubtful(restart+"  # on another computer too, if the number grows", "%d records are in Kafka and not in InfluxDB, most of them of %s (%d)", lag, most, mostLag)
	}
	return good("%d records are in Kafka and not in InfluxDB yet", lag)
}
