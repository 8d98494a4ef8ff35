// Package kafka gives a test bed its Kafka: one inside this process, or real brokers, and an independent client to read with.
package kafka

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// EmbeddedOptions describe a cluster inside this process. The zero value is one broker on a free port, in memory.
type EmbeddedOptions struct {
	Brokers int    // 0 means 1, or as many as there are ports
	Ports   []int  // of 127.0.0.1, one for each broker; reserve them with process.ReservePort. Empty: free ones
	Dir     string // keeps topics and records here, for a cluster that is closed and started again; empty: in memory
}

// Embedded speaks Kafka's protocol (sarama at 4.0.0, franz-go) from memory. It makes no topic by itself, and refuses a
// replication factor above its number of brokers; it replicates nothing, so losing brokers is a matter for Real.
type Embedded struct {
	cluster   *kfake.Cluster
	addresses []string
}

// StartEmbedded returns when the brokers listen. Close ends them.
func StartEmbedded(options EmbeddedOptions) (*Embedded, error) {
	brokers, err := options.brokers()
	if err != nil {
		return nil, err
	}
	settings := []kfake.Opt{kfake.NumBrokers(brokers), kfake.ListenFn(process.Listen)}
	if len(options.Ports) > 0 {
		settings = append(settings, kfake.Ports(options.Ports...))
	}
	if options.Dir != "" {
		settings = append(settings, kfake.DataDir(options.Dir))
	}
	cluster, err := kfake.NewCluster(settings...)
	if err != nil {
		return nil, fmt.Errorf("no embedded Kafka: %w", err)
	}
	return &Embedded{cluster: cluster, addresses: cluster.ListenAddrs()}, nil
}

func (o EmbeddedOptions) brokers() (int, error) {
	if o.Brokers < 0 {
		return 0, fmt.Errorf("%d brokers: give 1 or more", o.Brokers)
	}
	if o.Brokers > 0 && len(o.Ports) > 0 && o.Brokers != len(o.Ports) {
		return 0, fmt.Errorf("%d brokers on %d ports: give each broker a port, or none", o.Brokers, len(o.Ports))
	}
	return max(1, o.Brokers, len(o.Ports)), nil
}

// Addresses are the brokers' addresses, "127.0.0.1:PORT".
func (e *Embedded) Addresses() []string { return slices.Clone(e.addresses) }

// Cluster is for faults: ControlKey, Fault, MoveTopicPartition and so on.
func (e *Embedded) Cluster() *kfake.Cluster { return e.cluster }

// Close ends all connections and listeners. A second call does nothing.
func (e *Embedded) Close() { e.cluster.Close() }
