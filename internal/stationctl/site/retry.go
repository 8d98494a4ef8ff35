package site

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// backoff limits the retries of requests that Kafka does not answer, or cannot execute yet.
type backoff struct {
	// first is the pause before the first retry; it doubles up to longest.
	first, longest time.Duration
	// timeout is how long to retry without any success.
	timeout time.Duration
}

func defaultBackoff() backoff {
	return backoff{first: time.Second, longest: 30 * time.Second, timeout: 10 * time.Minute}
}

// retry resends what got no answer because brokers are slow, were lost, or change their controller. An item may be executed twice, so the
// second time must change nothing. A rejection is final. Report is called before each retry.
func retry[T any](ctx context.Context, b backoff, report func(error), send func([]T) []error) func([]T) []error {
	return func(items []T) []error {
		start, pause := time.Now(), b.first
		errs := send(items)
		for open := retriable(errs); len(open) > 0 && time.Since(start) < b.timeout && wait(ctx, pause); pause = min(2*pause, b.longest) {
			report(errs[open[0]])
			rest := make([]T, len(open))
			for i, which := range open {
				rest[i] = items[which]
			}
			for i, err := range send(rest) {
				errs[open[i]] = err
			}
			before := len(open)
			if open = retriable(errs); len(open) < before {
				start, pause = time.Now(), b.first
			}
		}
		return errs
	}
}

// retriable returns the indexes of the errors that a retry may resolve.
func retriable(errs []error) []int {
	var open []int
	for i, err := range errs {
		if isRetriable(err) {
			open = append(open, i)
		}
	}
	return open
}

// isRetriable reports whether the connection failed, or the broker cannot execute the request now.
func isRetriable(err error) bool {
	if errors.Is(err, kerr.SaslAuthenticationFailed) {
		return false
	}
	var network net.Error
	return kerr.IsRetriable(err) || kgo.IsRetryableBrokerErr(err) || errors.Is(err, io.EOF) || errors.As(err, &network)
}

func wait(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}
