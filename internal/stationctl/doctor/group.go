package doctor

import (
	"errors"
	"strings"

	"github.com/IBM/sarama"
)

// group checks that a member consumes.
func (s *sites) group(reached []string) result {
	group, err := s.describeGroup(reached)
	switch {
	case err != nil:
		return failed("", "%v", err)
	case len(group.Members) == 0:
		return failed(fixEnableService, "group %q has no members, so no topic is consumed", s.input.ConsumerGroup)
	}
	return ok("%q has %s; its state is %s", s.input.ConsumerGroup, countOf(len(group.Members), "member"), strings.ToLower(group.State))
}

// describeGroup queries the coordinator of the group.
func (s *sites) describeGroup(reached []string) (*sarama.GroupDescription, error) {
	client, err := s.client(reached)
	if err != nil {
		return nil, err
	}
	defer client.Close() //nolint:errcheck // it was only queried
	coordinator, err := client.Coordinator(s.input.ConsumerGroup)
	if err != nil {
		return nil, err
	}
	response, err := coordinator.DescribeGroups(&sarama.DescribeGroupsRequest{Version: 3, Groups: []string{s.input.ConsumerGroup}, IncludeAuthorizedOperations: true})
	if err != nil {
		return nil, err
	}
	if len(response.Groups) != 1 {
		return nil, sarama.ErrIncompleteResponse
	}
	if group := response.Groups[0]; !errors.Is(group.Err, sarama.ErrNoError) && !errors.Is(group.Err, sarama.ErrGroupIDNotFound) {
		return nil, group.Err
	}
	return response.Groups[0], nil
}
