// Package status determines the state of all sites from Kafka alone: it reads the last records of each topic (tail.go), finds
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
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
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

// answerTimeout is how long a broker can be silent before its topics have a problem.
const answerTimeout = 10 * time.Second

// Run determines the state once. An error means that there is no report; a topic that cannot be read is in the report.
func Run(ctx context.Context, options Options) (*Report, error) {
	admin, client, err := kafka.OpenAdmin(ctx, options.Brokers, options.Config, kafka.Timeouts{Change: answerTimeout, Answer: answerTimeout})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	reader := kafka.NewReader(client)
	topics, err := findTopics(ctx, reader, options.Site)
	if err != nil {
		return nil, err
	}
	var progress groupProgress
	var asking sync.WaitGroup
	asking.Go(func() { progress = askGroup(ctx, admin, options.Group) })
	partitions := reader.Partitions(ctx, topics)
	tails := newTails(partitions)
	reader.Read(ctx, partitions, visitor(tails))
	for _, t := range tails {
		t.finish()
	}
	asking.Wait()
	if ctx.Err() != nil { // the problems would be our own
		return nil, context.Cause(ctx)
	}
	return options.report(topics, tails, progress), nil
}

// findTopics describes the topics of the sites.
func findTopics(ctx context.Context, reader *kafka.Reader, site string) (kadm.TopicDetails, error) {
	isSite := regexp.MustCompile(audit.DefaultPattern)
	topics, err := reader.FindTopics(ctx, func(name string) bool { return isSite.MatchString(name) && matches(name, site) })
	switch {
	case err != nil:
		return nil, err
	case len(topics) == 0 && site != "":
		return nil, fmt.Errorf("no site topic matches %q; \"stationctl site list\" shows the existing topics", site)
	case len(topics) == 0:
		return nil, errors.New("no site topic exists, or this user cannot see any; create one with \"stationctl site add\"")
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
	offsets kadm.OffsetResponses
	err     error
}

// Before the first request for a group is answered, Kafka creates its internal topic for groups.
const groupWait, groupPause = 5 * time.Second, 250 * time.Millisecond

func askGroup(ctx context.Context, admin *kadm.Client, group string) groupProgress {
	offsets, err := admin.FetchOffsets(ctx, group)
	for wait := groupWait; kerr.IsRetriable(err) && wait > 0 && ctx.Err() == nil; wait -= groupPause {
		time.Sleep(groupPause)
		offsets, err = admin.FetchOffsets(ctx, group)
	}
	switch {
	case errors.Is(err, kerr.GroupIDNotFound): // newer brokers; older ones return no committed offsets
		err = nil
	case err != nil:
		err = fmt.Errorf("the lag of group %q is unknown: %w", group, err)
	}
	return groupProgress{offsets, err}
}

// offset returns the committed offset, or -1.
func (g groupProgress) offset(topic string, partition int32) int64 {
	found, ok := g.offsets.Lookup(topic, partition)
	if !ok || found.Err != nil {
		return -1
	}
	return found.At
}
