package kafka

import (
	"context"
	"path/filepath"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// AddBroker starts another broker, which is not a controller, and returns when all running brokers are connected to each other. Kafka does
// not move partitions to it automatically.
func (r *Real) AddBroker(ctx context.Context) error {
	b, err := r.newBroker()
	if err != nil {
		return err
	}
	r.brokers = append(r.brokers, b) // Close releases its ports
	if err := r.prepare(b); err != nil {
		return err
	}
	if err := b.format(ctx, r.clusterID); err != nil {
		return err
	}
	return r.StartBroker(ctx, b.node)
}

// Tool returns the command line of a Kafka tool with the given class, such as
// "org.apache.kafka.tools.reassign.ReassignPartitionsCommand".
func (r *Real) Tool(class string) process.Command {
	return process.Command{Path: "java", Args: []string{"-XX:-UsePerfData", "-Xmx256m", "-cp", filepath.Join(r.libs, "*"), class}}
}
