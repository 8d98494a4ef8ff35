package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// readyPause is the time between two metadata requests of awaitReady.
const readyPause = 50 * time.Millisecond

// awaitReady returns when the metadata of the broker has all running brokers, itself included: then topics can have a replica on each.
func (r *Real) awaitReady(ctx context.Context, b *broker) error {
	running := b.running()
	if running == nil {
		return fmt.Errorf("broker %d was stopped before it was ready", b.node)
	}
	// The broker logs this within a millisecond; before, it does not listen.
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
			return errors.Join(fmt.Errorf("broker %d not ready, its metadata has %d of %d brokers: %w", b.node, known, len(r.PIDs()), ctx.Err()), err)
		case <-time.After(readyPause):
		}
	}
}

// knownBrokers returns the number of brokers in the metadata of the seed broker of the client.
func knownBrokers(ctx context.Context, client *kgo.Client) (int, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{} // none; nil means all
	response, err := client.SeedBrokers()[0].RetriableRequest(ctx, request)
	if err != nil {
		return 0, err
	}
	metadata, ok := response.(*kmsg.MetadataResponse)
	if !ok {
		return 0, fmt.Errorf("unexpected response to a metadata request: %T", response)
	}
	return len(metadata.Brokers), nil
}
