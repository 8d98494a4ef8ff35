package site

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/IBM/sarama"
)

// patience is how long requests are tried again that Kafka does not answer, or not yet.
type patience struct {
	// first is the pause before the second try; each later one is twice as long, at most longest.
	first, longest time.Duration
	// most is how long it goes on without any success.
	most time.Duration
}

func newPatience() patience {
	return patience{first: time.Second, longest: 30 * time.Second, most: 10 * time.Minute}
}

// again sends once more what got no answer, as brokers are slow, were lost, or change their controller. What is sent so may be done twice,
// so it has to be something of which the second time changes nothing. A refusal is final. Renew is called before each new try.
func again[T any](ctx context.Context, p patience, renew func(error), send func([]T) []error) func([]T) []error {
	return func(items []T) []error {
		begin, pause := time.Now(), p.first
		errs := send(items)
		for open := unanswered(errs); len(open) > 0 && time.Since(begin) < p.most && wait(ctx, pause); pause = min(2*pause, p.longest) {
			renew(errs[open[0]])
			some := make([]T, len(open))
			for i, which := range open {
				some[i] = items[which]
			}
			for i, err := range send(some) {
				errs[open[i]] = err
			}
			before := len(open)
			if open = unanswered(errs); len(open) < before {
				begin, pause = time.Now(), p.first
			}
		}
		return errs
	}
}

// unanswered are the places of those that may be tried again.
func unanswered(errs []error) []int {
	var open []int
	for i, err := range errs {
		if passes(err) {
			open = append(open, i)
		}
	}
	return open
}

// passes says that the error is of a connection, or of a broker that cannot now.
func passes(err error) bool {
	if errors.Is(err, sarama.ErrSASLAuthenticationFailed) {
		return false
	}
	for _, passing := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, sarama.ErrNotConnected, sarama.ErrOutOfBrokers, sarama.ErrControllerNotAvailable,
		sarama.ErrNotController, sarama.ErrRequestTimedOut, sarama.ErrBrokerNotAvailable, sarama.ErrNetworkException,
		sarama.ErrThrottlingQuotaExceeded,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	network := net.Error(nil)
	return errors.As(err, &network)
}

func wait(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}
