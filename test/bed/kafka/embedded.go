// Package kafka runs Kafka for the test bed, either embedded in this process or as real brokers, and reads it with an independent client.
package kafka

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// EmbeddedOptions describe an embedded cluster. The zero value is one broker on a free port, in memory.
type EmbeddedOptions struct {
	Brokers int    // 0 means 1, or as many as there are ports
	Ports   []int  // of 127.0.0.1, one for each broker; reserve them with process.ReservePort. Empty: free ones
	Dir     string // keeps topics and records for a restart of the cluster; empty: in memory
}

// Embedded implements the Kafka protocol (for sarama at 4.0.0, and franz-go). It does not create topics automatically and rejects a
// replication factor above its number of brokers. It does not replicate records: use Real for tests that stop brokers.
type Embedded struct {
	cluster   *kfake.Cluster
	addresses []string
}

// StartEmbedded returns when the brokers listen. Stop them with Close.
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

// Addresses returns the broker addresses, "127.0.0.1:PORT".
func (e *Embedded) Addresses() []string { return slices.Clone(e.addresses) }

// Cluster returns the kfake cluster, to inject faults with ControlKey, Fault, MoveTopicPartition, and so on.
func (e *Embedded) Cluster() *kfake.Cluster { return e.cluster }

// Close closes all connections and listeners. A second call has no effect.
func (e *Embedded) Close() { e.cluster.Close() }
