package site

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// The advice of Kafka's developers, which Kafka does not enforce. A copy of a partition counts as one.
// https://cwiki.apache.org/confluence/spaces/KAFKA/pages/148641509/KIP-578+Add+configuration+to+limit+number+of+partitions
const (
	advisedPerBroker = 4_000
	advisedInAll     = 200_000
)

// Load is how many copies of partitions a broker has.
type Load struct {
	Broker int32 `json:"broker"`
	Now    int   `json:"partitions"`
	// After is about what it has when the plan is applied: Kafka spreads new ones evenly.
	After int `json:"partitions_after"`
}

// loads are those of the brokers that are up, and of those that are not but have something.
func (v *view) loads(sites []AddOptions) []Load {
	now := make(map[int32]int)
	for _, topic := range v.topics {
		for broker, count := range topic.replicas {
			now[broker] += count
		}
	}
	added := 0
	for _, o := range sites {
		if v.topics[o.Name.Topic()] == nil {
			added += int(o.Topic.Partitions) * int(o.Topic.Replication)
		}
	}
	var loads []Load
	for _, id := range v.brokers {
		loads = append(loads, Load{id, now[id], now[id] + (added+len(v.brokers)-1)/len(v.brokers)})
		delete(now, id)
	}
	for id, count := range now {
		loads = append(loads, Load{id, count, count})
	}
	slices.SortFunc(loads, func(a, b Load) int { return cmp.Compare(a.Broker, b.Broker) })
	return loads
}

// tooMany is what is beyond the advice; empty: nothing.
func (f *Fleet) tooMany() string {
	most, all := 0, 0
	for _, l := range f.Brokers {
		most, all = max(most, l.After), all+l.After
	}
	if most <= advisedPerBroker && all <= advisedInAll {
		return ""
	}
	return fmt.Sprintf("%d copies of partitions on one broker, %d in all: Kafka's developers advise against more than %d and %d (KIP-578): "+
		"add brokers, or have several stations of a place share a site", most, all, advisedPerBroker, advisedInAll)
}

func (f *Fleet) writeLoads(out io.Writer) error {
	rows := [][]string{{"broker", "partitions", "after"}}
	for _, l := range f.Brokers {
		rows = append(rows, []string{strconv.Itoa(int(l.Broker)), strconv.Itoa(l.Now), strconv.Itoa(l.After)})
	}
	if err := texttable.Write(out, rows); err != nil {
		return err
	}
	if text := f.tooMany(); text != "" {
		return Step{Mark: Doubt, Text: text}.Write(out)
	}
	return nil
}
