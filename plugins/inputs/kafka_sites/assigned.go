package kafka_sites

import (
	"maps"
	"slices"
	"sync"
)

// assigned are the partitions that Kafka has assigned to this central Telegraf.
type assigned struct {
	mu         sync.Mutex
	partitions []*partition
	// revoked are the last assignments of partitions that are not assigned now.
	revoked map[partitionID]*partition
}

// add continues the earlier assignment of the partition, unless another central Telegraf has read it since: all partitions are revoked
// and assigned again whenever a topic is added.
func (a *assigned) add(p *partition) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.partitions = append(a.partitions, p)
	if earlier := a.revoked[p.partitionID]; earlier != nil && p.delivered <= earlier.next {
		p.continueFrom(earlier)
	}
	delete(a.revoked, p.partitionID)
}

func (a *assigned) remove(p *partition) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.partitions = slices.DeleteFunc(a.partitions, func(other *partition) bool { return other == p })
	if a.revoked == nil {
		a.revoked = make(map[partitionID]*partition)
	}
	a.revoked[p.partitionID] = p
}

// forgetExcept drops the revoked partitions of all other topics. The names must be sorted.
func (a *assigned) forgetExcept(topics []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.revoked, func(id partitionID, _ *partition) bool {
		_, found := slices.BinarySearch(topics, id.topic)
		return !found
	})
}

func (a *assigned) list() []*partition {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.partitions)
}
