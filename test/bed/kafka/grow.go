package kafka

import (
	"context"
	"path/filepath"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// AddBroker starts one more, which is no controller, and returns when it and the others know each other. No partition moves there by itself.
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

// Tool is the command line of one of Kafka's own tools, by the name of its class, such as
// "org.apache.kafka.tools.reassign.ReassignPartitionsCommand".
func (r *Real) Tool(class string) process.Command {
	return process.Command{Path: "java", Args: []string{"-XX:-UsePerfData", "-Xmx256m", "-cp", filepath.Join(r.libs, "*"), class}}
}
