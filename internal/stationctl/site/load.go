package site

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// The limits that the Kafka developers advise, in partition replicas. Kafka does not enforce them.
// https://cwiki.apache.org/confluence/spaces/KAFKA/pages/148641509/KIP-578+Add+configuration+to+limit+number+of+partitions
const (
	advisedPerBroker = 4_000
	advisedInAll     = 200_000
)

// Load is the number of partition replicas on a broker.
type Load struct {
	Broker int32 `json:"broker"`
	Now    int   `json:"partitions"`
	// After estimates the number after the plan is applied: Kafka distributes new replicas evenly.
	After int `json:"partitions_after"`
}

// loads returns the load of the brokers that are up, and of those that are down and have replicas.
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

// tooManyReplicas returns a warning if the advised limits are exceeded, or "".
func (f *Fleet) tooManyReplicas() string {
	most, all := 0, 0
	for _, l := range f.Brokers {
		most, all = max(most, l.After), all+l.After
	}
	if most <= advisedPerBroker && all <= advisedInAll {
		return ""
	}
	return fmt.Sprintf("%d partition replicas on one broker, %d in all: the Kafka developers advise against more than %d and %d (KIP-578); "+
		"add brokers, or let several stations share a site", most, all, advisedPerBroker, advisedInAll)
}

func (f *Fleet) writeLoads(out io.Writer) error {
	rows := [][]string{{"broker", "partitions", "after"}}
	for _, l := range f.Brokers {
		rows = append(rows, []string{strconv.Itoa(int(l.Broker)), strconv.Itoa(l.Now), strconv.Itoa(l.After)})
	}
	if err := texttable.Write(out, rows); err != nil {
		return err
	}
	if text := f.tooManyReplicas(); text != "" {
		return Step{Mark: Warning, Text: text}.Write(out)
	}
	return nil
}
