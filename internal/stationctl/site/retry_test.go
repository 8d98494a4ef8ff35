package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// faulty is a guarded Kafka of some brokers whose faults the test chooses.
func faulty(t *testing.T, brokers int) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(brokers), kfake.ListenFn(process.Listen), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("SCRAM-SHA-512", "admin", "of-the-test"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

// changes are the requests of an apply.
var changes = []kmsg.Key{kmsg.CreateTopics, kmsg.CreateACLs, kmsg.AlterUserSCRAMCredentials}

// counted counts retries.
func counted(c *Cluster) *atomic.Int32 {
	count := &atomic.Int32{}
	c.Retried = func(error) { count.Add(1) }
	return count
}

func requireWhole(t *testing.T, addresses []string, sites []AddOptions) {
	t.Helper()
	again := planFleet(t, open(t, addresses), sites)
	require.Zero(t, again.Changes())
	require.False(t, again.Warnings())
}

func TestRequestsWithoutAnAnswerAreRetried(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: waits 20 seconds for silent brokers")
	}
	for name, fault := range map[string]func(*kfake.Cluster, kmsg.Key){
		"hung up": func(k *kfake.Cluster, key kmsg.Key) { k.ControlKey(key.Int16(), answerNothing(errors.New("hang up"))) },
		"silent":  func(k *kfake.Cluster, key kmsg.Key) { k.ControlKey(key.Int16(), answerNothing(nil)) },
		"done too late": func(k *kfake.Cluster, key kmsg.Key) {
			k.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.RequestTimedOut})
		},
		"not controller": func(k *kfake.Cluster, key kmsg.Key) {
			k.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.NotController})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := faulty(t, 3)
			c, err := connect(t.Context(), cluster.ListenAddrs(), login(t, "admin", "of-the-test"), kafka.Timeouts{Change: time.Second, Answer: time.Second})
			require.NoError(t, err)
			t.Cleanup(c.Close)
			sites := sitesIn(t.TempDir(), 4)
			fleet, retried := planFleet(t, c, sites), counted(c)
			for _, key := range changes {
				fault(cluster, key)
			}
			require.NoError(t, fleet.Apply(t.Context(), func(*Plan) error { return nil }))
			require.GreaterOrEqual(t, retried.Load(), int32(len(changes)))
			requireWhole(t, cluster.ListenAddrs(), sites)
		})
	}
}

// answerNothing is for one request: the connection ends with the error, or waits if there is none.
func answerNothing(err error) func(kmsg.Request) (kmsg.Response, error, bool) {
	return func(kmsg.Request) (kmsg.Response, error, bool) { return nil, err, true }
}

func TestRejectionsAreNotRetried(t *testing.T) {
	t.Parallel()
	for _, refusal := range []*kerr.Error{kerr.ClusterAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.InvalidReplicationFactor, kerr.PolicyViolation} {
		cluster := faulty(t, 1)
		c := open(t, cluster.ListenAddrs())
		fleet, retried := planFleet(t, c, sitesIn(t.TempDir(), 1)), counted(c)
		fault := cluster.Fault(kfake.Fault{Keys: changes[:1], Err: refusal, Count: -1})
		require.ErrorContains(t, fleet.Apply(t.Context(), func(*Plan) error { return nil }), `topic "place_0_rasp"`)
		require.Equal(t, 1, fault.Hits())
		require.Zero(t, retried.Load())
	}
}

func TestAnInterruptEndsTheRetries(t *testing.T) {
	t.Parallel()
	cluster := faulty(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	c, err := Open(ctx, cluster.ListenAddrs(), login(t, "admin", "of-the-test"))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	fleet := planFleet(t, c, sitesIn(t.TempDir(), 4))
	c.Retried = func(error) { cancel() }
	cluster.Fault(kfake.Fault{Keys: changes[:1], Err: kerr.RequestTimedOut, Count: -1})
	require.ErrorIs(t, fleet.Apply(ctx, func(*Plan) error { return nil }), context.Canceled)
}

func TestRetrySendsOnlyWhatIsOpen(t *testing.T) {
	t.Parallel()
	var sent [][]int
	send := func(items []int) []error {
		sent = append(sent, items)
		errs := all(len(items), kerr.NotController)
		errs[0] = nil
		return errs
	}
	b := backoff{first: time.Millisecond, longest: time.Millisecond, timeout: time.Minute}
	require.Equal(t, make([]error, 3), retry(t.Context(), b, func(error) {}, send)([]int{1, 2, 3}))
	require.Equal(t, [][]int{{1, 2, 3}, {2, 3}, {3}}, sent)
}

func TestRetryEndsWithoutSuccess(t *testing.T) {
	t.Parallel()
	tries := 0
	b := backoff{first: time.Millisecond, longest: 10 * time.Millisecond, timeout: 100 * time.Millisecond}
	send := func(items []int) []error { tries++; return all(len(items), io.EOF) }
	require.Equal(t, []error{io.EOF}, retry(t.Context(), b, func(error) {}, send)([]int{1}))
	require.Greater(t, tries, 1)
}

func TestRetriableErrors(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		os.ErrDeadlineExceeded, &net.OpError{Op: "dial", Err: errors.New("connection refused")}, fmt.Errorf("read: %w", io.EOF),
		fmt.Errorf("%w: the controller moved", kerr.NotController), kerr.ThrottlingQuotaExceeded, kerr.RequestTimedOut,
	} {
		require.True(t, isRetriable(err), err)
	}
	for _, err := range []error{
		nil, kerr.TopicAlreadyExists, kgo.ErrClientClosed, kerr.UnsupportedVersion, kerr.UnknownServerError,
		errors.Join(io.EOF, kerr.SaslAuthenticationFailed),
	} {
		require.False(t, isRetriable(err), err)
	}
}

// A broker that accepts connections and never answers blocks no command for longer than its timeouts.
func TestAFrozenBrokerIsAnError(t *testing.T) {
	t.Parallel()
	cluster := faulty(t, 3)
	c, err := connect(t.Context(), cluster.ListenAddrs(), login(t, "admin", "of-the-test"), kafka.Timeouts{Change: time.Second, Answer: time.Second})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, c.createTopic("JNU_1_rasp", TopicOptions{Partitions: 3, Replication: 1}))
	cluster.ControlKey(kmsg.ListOffsets.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return nil, nil, true
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = c.List(ctx)
	require.ErrorContains(t, err, "i/o timeout")
	require.NoError(t, ctx.Err(), "the request ended by its own timeout")
}
