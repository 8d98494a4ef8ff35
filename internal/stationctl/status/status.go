// Package status determines the state of all sites from Kafka alone: it reads the last records of each topic (leader.go, tail.go), finds
// their devices (device.go, numbers.go) and problems (site.go, problems.go), and prints a table (table.go).
//
// Memory: a few times the response of each broker (4 MiB, or one batch), and a few hundred bytes per device.
package status

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/audit"
)

// Options select the sites, and what counts as a problem.
type Options struct {
	Brokers []string
	Config  *sarama.Config
	// Site is a site, such as JNU, or a pattern for topics, such as JNU_*_rasp; empty for all sites.
	Site string
	// Group is the consumer group of the central Telegraf.
	Group string
	// SilentAfter limits the age of the last reading of a device, and MaxLag the lag of the central Telegraf in records.
	SilentAfter time.Duration
	MaxLag      int64
}

// Report is the state of the sites at a time.
type Report struct {
	Time  time.Time `json:"time"`
	Group string    `json:"group"`
	// GroupTrouble is the error that hides the lag.
	GroupTrouble string `json:"group_trouble,omitempty"`
	Sites        []Site `json:"sites"`
}

// OK reports whether no site has a problem.
func (r *Report) OK() bool { return r.GroupTrouble == "" && r.inTrouble() == 0 }

func (r *Report) inTrouble() (count int) {
	for i := range r.Sites {
		if len(r.Sites[i].Troubles) > 0 {
			count++
		}
	}
	return count
}

// answerTimeout is how long a broker can be silent before its topics have a problem. The default of the library, 30 s, is long for a table.
const answerTimeout = 10 * time.Second

// Run determines the state once. An error means that there is no report; a topic that cannot be read is in the report.
func Run(ctx context.Context, options Options) (*Report, error) {
	config := *options.Config
	config.Net.DialTimeout, config.Net.ReadTimeout, config.Net.WriteTimeout = answerTimeout, answerTimeout, answerTimeout
	client, end, err := audit.Connect(ctx, options.Brokers, &config)
	if err != nil {
		return nil, err
	}
	defer end()
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return nil, err
	}
	topics, err := findTopics(client, admin, options.Site)
	if err != nil {
		return nil, err
	}
	var progress groupProgress
	var asking sync.WaitGroup
	asking.Go(func() { progress = askGroup(admin, options.Group) })
	tails := newTails(topics)
	readTails(client, tails)
	asking.Wait()
	if ctx.Err() != nil { // the problems would be our own
		return nil, context.Cause(ctx)
	}
	return options.report(topics, tails, progress), nil
}

// findTopics describes the topics of the sites, by name.
func findTopics(client sarama.Client, admin sarama.ClusterAdmin, site string) ([]*sarama.TopicMetadata, error) {
	names, err := client.Topics()
	if err != nil {
		return nil, fmt.Errorf("cannot list the topics: %w", err)
	}
	isSite := regexp.MustCompile(audit.DefaultPattern)
	names = slices.DeleteFunc(names, func(name string) bool { return !isSite.MatchString(name) || !matches(name, site) })
	switch {
	case len(names) == 0 && site != "":
		return nil, fmt.Errorf("no site topic matches %q; \"stationctl site list\" shows the existing topics", site)
	case len(names) == 0:
		return nil, errors.New("no site topic exists, or this user cannot see any; create one with \"stationctl site add\"")
	}
	slices.Sort(names)
	topics, err := admin.DescribeTopics(names)
	if err != nil {
		return nil, fmt.Errorf("cannot describe the topics: %w", err)
	}
	return topics, nil
}

// CheckSite returns an error if the pattern is not valid.
func CheckSite(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q: %w", pattern, err)
	}
	return nil
}

// matches accepts a pattern for the name of the topic, or for its first part.
func matches(topic, pattern string) bool {
	whole, _ := path.Match(pattern, topic)
	part, _ := path.Match(pattern+"_*", topic)
	return pattern == "" || whole || part
}

// groupProgress has the committed offsets of a consumer group.
type groupProgress struct {
	answer *sarama.OffsetFetchResponse
	err    error
}

func askGroup(admin sarama.ClusterAdmin, group string) groupProgress {
	answer, err := admin.ListConsumerGroupOffsets(group, nil)
	switch {
	case errors.Is(err, sarama.ErrGroupIDNotFound): // newer brokers; older ones return no committed offsets
		answer, err = &sarama.OffsetFetchResponse{}, nil
	case err != nil:
		err = fmt.Errorf("the lag of group %q is unknown: %w", group, err)
	}
	return groupProgress{answer, err}
}

// offset returns the committed offset, or -1.
func (g groupProgress) offset(topic string, partition int32) int64 {
	block := g.answer.GetBlock(topic, partition)
	if block == nil || !errors.Is(block.Err, sarama.ErrNoError) {
		return -1
	}
	return block.Offset
}
