// Package status tells how all sites are, from Kafka alone: it reads the last records of each site's topic, and how far the central Telegraf is.
//
// Memory: a few times what each broker answers at once (4 MiB, or one batch), and a few hundred bytes for each device.
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

// Options say what is looked at, and what counts as trouble.
type Options struct {
	Brokers []string
	Config  *sarama.Config
	// Site is what the topics are: a site, such as JNU, or a pattern such as JNU_*_rasp; empty: all sites.
	Site string
	// Group is the consumer group of the central Telegraf.
	Group string
	// SilentAfter is the age that a device's last reading may have, and MaxLag how many records the central Telegraf may have before it.
	SilentAfter time.Duration
	MaxLag      int64
}

// Report is how the sites were at a time.
type Report struct {
	Time  time.Time `json:"time"`
	Group string    `json:"group"`
	// GroupTrouble is why the lag is not known.
	GroupTrouble string `json:"group_trouble,omitempty"`
	Sites        []Site `json:"sites"`
}

// Well says that nothing is in trouble.
func (r *Report) Well() bool { return r.GroupTrouble == "" && r.inTrouble() == 0 }

func (r *Report) inTrouble() (count int) {
	for i := range r.Sites {
		if len(r.Sites[i].Troubles) > 0 {
			count++
		}
	}
	return count
}

// answerTimeout is how long a broker may be silent before its topics are in trouble. The library's 30 s are long for who looks at a table.
const answerTimeout = 10 * time.Second

// Run looks once. An error says that nothing could be told; a topic that cannot be read is in the report.
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
	if ctx.Err() != nil { // the troubles would be ours
		return nil, context.Cause(ctx)
	}
	return options.report(topics, tails, progress), nil
}

// findTopics describes the topics of sites, in the order of their names.
func findTopics(client sarama.Client, admin sarama.ClusterAdmin, site string) ([]*sarama.TopicMetadata, error) {
	names, err := client.Topics()
	if err != nil {
		return nil, fmt.Errorf("cannot list Kafka's topics: %w", err)
	}
	isSite := regexp.MustCompile(audit.DefaultPattern)
	names = slices.DeleteFunc(names, func(name string) bool { return !isSite.MatchString(name) || !matches(name, site) })
	switch {
	case len(names) == 0 && site != "":
		return nil, fmt.Errorf("no site's topic is %q: stationctl site list shows those that are there", site)
	case len(names) == 0:
		return nil, errors.New("there is no site's topic yet, or this user may see none: stationctl site add makes one")
	}
	slices.Sort(names)
	topics, err := admin.DescribeTopics(names)
	if err != nil {
		return nil, fmt.Errorf("cannot describe Kafka's topics: %w", err)
	}
	return topics, nil
}

// CheckSite checks a pattern.
func CheckSite(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q: %w", pattern, err)
	}
	return nil
}

// matches takes a pattern of a topic's name, or of its first part.
func matches(topic, pattern string) bool {
	whole, _ := path.Match(pattern, topic)
	part, _ := path.Match(pattern+"_*", topic)
	return pattern == "" || whole || part
}

// groupProgress is how far a consumer group is.
type groupProgress struct {
	answer *sarama.OffsetFetchResponse
	err    error
}

func askGroup(admin sarama.ClusterAdmin, group string) groupProgress {
	answer, err := admin.ListConsumerGroupOffsets(group, nil)
	switch {
	case errors.Is(err, sarama.ErrGroupIDNotFound): // of newer brokers; others say that it has committed nothing
		answer, err = &sarama.OffsetFetchResponse{}, nil
	case err != nil:
		err = fmt.Errorf("the lag of group %q is not known: %w", group, err)
	}
	return groupProgress{answer, err}
}

// offset is what the group has committed; -1: nothing.
func (g groupProgress) offset(topic string, partition int32) int64 {
	block := g.answer.GetBlock(topic, partition)
	if block == nil || !errors.Is(block.Err, sarama.ErrNoError) {
		return -1
	}
	return block.Offset
}
