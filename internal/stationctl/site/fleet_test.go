package site

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// sitesIn are some sites with files in a folder.
func sitesIn(folder string, count int) []AddOptions {
	sites := make([]AddOptions, count)
	for i := range sites {
		name := Name{Site: "place", Index: fmt.Sprint(i), Type: "rasp"}
		sites[i] = AddOptions{
			Line: i + 2, Name: name, Topic: TopicOptions{Partitions: 1, Replication: 1}, Credentials: filepath.Join(folder, name.Topic()+".env"),
		}
	}
	return sites
}

func planFleet(t *testing.T, c *Cluster, sites []AddOptions) *Fleet {
	t.Helper()
	f, err := c.PlanFleet(t.Context(), sites, nil)
	require.NoError(t, err)
	return f
}

// killAfter has a number of requests done, the last of them without an answer, and no more.
func killAfter(c *Cluster, requests int32) {
	var done atomic.Int32
	c.toCreate.send = killing(c.toCreate.send, &done, requests)
	c.toPermit.send = killing(c.toPermit.send, &done, requests)
	c.toUpsert.send = killing(c.toUpsert.send, &done, requests)
}

func killing[T any](send func([]T) []error, done *atomic.Int32, requests int32) func([]T) []error {
	return func(items []T) []error {
		number := done.Add(1)
		if number > requests {
			return all(len(items), errKilled)
		}
		errs := send(items)
		if number == requests {
			return all(len(items), errKilled)
		}
		return errs
	}
}

func TestFleetKilledAndRunAgain(t *testing.T) {
	t.Parallel()
	const count = 4
	addresses := newGuarded(t)
	sites := sitesIn(t.TempDir(), count)
	kills := 0
	for requests := range int32(6) {
		c := open(t, addresses)
		f := planFleet(t, c, sites)
		requireSafe(t, f)
		killAfter(c, requests)
		if err := f.Apply(t.Context(), func(*Plan) error { return nil }); err != nil { // else it is whole by now
			require.ErrorIs(t, err, errKilled)
			kills++
		}
	}
	require.GreaterOrEqual(t, kills, 3)
	c := open(t, addresses)
	second := planFleet(t, c, sites)
	requireSafe(t, second)
	require.NoError(t, second.Apply(t.Context(), func(p *Plan) error { require.True(t, p.Whole()); return nil }))
	require.Equal(t, second.Changes(), second.Applied())
	third := planFleet(t, c, sites)
	require.Zero(t, third.Changes())
	require.False(t, third.Warnings())
	var out bytes.Buffer
	require.NoError(t, third.Write(&out, false))
	require.Equal(t, "= 20 unchanged; --verbose shows them\nbroker  partitions  after\n0       4           4\n", out.String())
	for _, o := range sites {
		require.NoError(t, write(addresses, login(t, o.Name.Topic(), passwordOf(t, o.Credentials, o.Name.Topic())), o.Name.Topic()))
	}
	require.Error(t, write(addresses, login(t, "place_0_rasp", passwordOf(t, sites[0].Credentials, "place_0_rasp")), "place_1_rasp"))
}

// requireSafe checks that each user that can log in is confined to its topic, and that its password is in a file.
func requireSafe(t *testing.T, f *Fleet) {
	t.Helper()
	for _, p := range f.Sites {
		if p.Steps[len(p.Steps)-1].Mark != Created { // the user is there
			require.Zero(t, p.Changes(), text(t, p))
			require.False(t, p.Warnings(), text(t, p))
		}
	}
}

func TestFleetTellsOfAllSitesThatCannotBeMade(t *testing.T) {
	t.Parallel()
	c := open(t, newGuarded(t))
	require.NoError(t, c.createTopic("place_1_x_rasp", TopicOptions{Partitions: 1, Replication: 1}))
	sites := sitesIn(t.TempDir(), 30)
	for i := range sites {
		sites[i].Topic.Replication = 3
	}
	sites[1].User, sites[2].Name = "admin", Name{Site: "place", Index: "1", Type: "x.rasp"}
	_, err := c.PlanFleet(t.Context(), sites, nil)
	require.ErrorContains(t, err, `line 2: topic "place_0_rasp" with 1 partition, replication factor 3, message.timestamp.type=LogAppendTime: Kafka rejects it: `)
	require.ErrorContains(t, err, `line 3: user "admin" is the administrator that you log in as`)
	require.ErrorContains(t, err, `line 4: topic "place_1_x.rasp": topic "place_1_x_rasp" exists, and Kafka metrics do not distinguish "." and "_"`)
	require.ErrorContains(t, err, "\nand 10 more errors")
}

func TestTooManyPartitionsAreTold(t *testing.T) {
	t.Parallel()
	c := open(t, newGuarded(t))
	sites := sitesIn(t.TempDir(), 2)
	sites[1].Topic.Partitions = advisedPerBroker
	f := planFleet(t, c, sites)
	require.True(t, f.Warnings())
	var out bytes.Buffer
	require.NoError(t, f.Write(&out, false))
	require.Contains(t, out.String(), "\nbroker  partitions  after\n0       0           4001\n"+
		"! 4001 partition replicas on one broker, 4001 in all: the Kafka developers advise against more than 4000 and 200000 (KIP-578); add brokers")
}

func TestWideRulesAreTold(t *testing.T) {
	t.Parallel()
	c := open(t, newGuarded(t))
	prefixed := allow("other", kmsg.ACLResourceTypeTopic, "place_1", kmsg.ACLOperationWrite)
	prefixed.Pattern = kmsg.ACLResourcePatternTypePrefixed
	require.NoError(t, c.permit(prefixed))
	f := planFleet(t, c, sitesIn(t.TempDir(), 20))
	for i, p := range f.Sites {
		require.Equal(t, i == 1 || i >= 10, p.Warnings(), text(t, p))
	}
}

func TestBatchGivesEachItsOwnResult(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	odd := errors.New("odd")
	b := &batch[int]{most: 10, senders: 3, send: func(items []int) []error {
		calls.Add(1)
		require.LessOrEqual(t, len(items), 10)
		errs := make([]error, len(items))
		for i, item := range items {
			if item%2 == 1 {
				errs[i] = odd
			}
		}
		return errs
	}}
	var group sync.WaitGroup
	results := make([]error, 1000)
	for i := range results {
		group.Go(func() { results[i] = b.do(i) })
	}
	group.Wait()
	for i, err := range results {
		if i%2 == 1 {
			require.ErrorIs(t, err, odd)
		} else {
			require.NoError(t, err)
		}
	}
	require.Positive(t, calls.Load())
}
