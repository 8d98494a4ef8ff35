package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// readyPause is how long awaitReady sleeps between two questions.
const readyPause = 50 * time.Millisecond

// awaitReady returns when the broker names all running brokers in its metadata, itself among them: then topics can be made
// with a replica on each.
func (r *Real) awaitReady(ctx context.Context, b *broker) error {
	running := b.running()
	if running == nil {
		return fmt.Errorf("broker %d was stopped before it was ready", b.node)
	}
	// The log says it within a millisecond; before, there is nobody to ask.
	if err := running.WaitForLog(ctx, "Kafka Server started"); err != nil {
		return fmt.Errorf("broker %d not ready: %w", b.node, err)
	}
	options, err := b.clientOptions()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		known, err := knownBrokers(ctx, client)
		if err == nil && known >= len(r.PIDs()) {
			return nil
		}
		select {
		case <-running.Done():
			return fmt.Errorf("broker %d not ready: %w", b.node, running.Ended())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("broker %d not ready, it knows %d of %d brokers: %w", b.node, known, len(r.PIDs()), ctx.Err()), err)
		case <-time.After(readyPause):
		}
	}
}

// knownBrokers asks the broker that the client was made for, and no other.
func knownBrokers(ctx context.Context, client *kgo.Client) (int, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{} // none; nil would be all of them
	response, err := client.SeedBrokers()[0].RetriableRequest(ctx, request)
	if err != nil {
		return 0, err
	}
	metadata, ok := response.(*kmsg.MetadataResponse)
	if !ok {
		return 0, fmt.Errorf("the broker answers a metadata request with %T", response)
	}
	return len(metadata.Brokers), nil
}
