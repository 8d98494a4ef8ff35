package site

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

func TestRotate(t *testing.T) {
	t.Parallel()
	addresses := newGuarded(t)
	c := open(t, addresses)
	o := options(t, filepath.Join(t.TempDir(), "c.env"))
	_, err := c.PlanRotate(t.Context(), o.Name, "", o.Credentials)
	require.EqualError(t, err, `user "JNU_1_rasp" does not exist (SCRAM-SHA-512); create it with "stationctl site add JNU 1 rasp --credentials FILE"`)
	apply(t, plan(t, c, o))
	old := passwordIn(t, o.Credentials)
	p, err := c.PlanRotate(t.Context(), o.Name, "", o.Credentials)
	require.NoError(t, err)
	killedAfter(t, p, 1)
	require.NoError(t, loginAs(t, addresses, old), "the old one holds until Kafka has the new one")
	told := plan(t, c, o)
	require.True(t, told.Warnings())
	require.Contains(t, text(t, told), "Kafka rejects its password; run stationctl site rotate-credentials JNU_1_rasp --credentials FILE")
	p, err = c.PlanRotate(t.Context(), o.Name, "", o.Credentials)
	require.NoError(t, err)
	apply(t, p)
	require.Error(t, loginAs(t, addresses, old))
	require.NoError(t, loginAs(t, addresses, passwordIn(t, o.Credentials)))
	require.Zero(t, plan(t, c, o).Changes())
}

func loginAs(t *testing.T, addresses []string, password string) error {
	t.Helper()
	client, err := sarama.NewClient(addresses, login(t, "JNU_1_rasp", password))
	if err != nil {
		return err
	}
	return client.Close()
}

func TestRemove(t *testing.T) {
	t.Parallel()
	addresses := newGuarded(t)
	c := open(t, addresses)
	o := options(t, filepath.Join(t.TempDir(), "c.env"))
	o.User = "pi-of-the-roof"
	_, err := c.PlanRemove(t.Context(), o.Name, "", false)
	require.EqualError(t, err, `neither topic "JNU_1_rasp" nor user "JNU_1_rasp" exists; "stationctl site list" shows the existing topics`)
	apply(t, plan(t, c, o))
	for steps := 1; steps <= 3; steps++ {
		p, err := c.PlanRemove(t.Context(), o.Name, o.User, true)
		require.NoError(t, err)
		killedAfter(t, p, 1)
	}
	p, err := c.PlanRemove(t.Context(), o.Name, "", true)
	require.NoError(t, err)
	require.Equal(t, "pi-of-the-roof", p.User, "found by its ACL")
	apply(t, p)
	has, err := c.hasUser(t.Context(), o.User)
	require.NoError(t, err)
	require.False(t, has)
	rules, err := c.rulesOf(t.Context(), o.User)
	require.NoError(t, err)
	require.Empty(t, rules)
	state, err := c.topic(t.Context(), "JNU_1_rasp")
	require.NoError(t, err)
	require.Nil(t, state)
}

func TestAStolenPasswordDoesNotComeBack(t *testing.T) {
	t.Parallel()
	c := open(t, newGuarded(t))
	o := options(t, filepath.Join(t.TempDir(), "c.env"))
	apply(t, plan(t, c, o))
	stolen := passwordIn(t, o.Credentials)
	p, err := c.PlanRemove(t.Context(), o.Name, "", false)
	require.NoError(t, err)
	require.Contains(t, text(t, p), `= topic "JNU_1_rasp" and its records are kept; --with-records deletes them`)
	apply(t, p)
	apply(t, plan(t, c, o))
	require.NotEqual(t, stolen, passwordIn(t, o.Credentials))
}

func TestList(t *testing.T) {
	t.Parallel()
	addresses := newGuarded(t)
	c := open(t, addresses)
	topics, err := c.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, topics)
	o := options(t, filepath.Join(t.TempDir(), "c.env"))
	apply(t, plan(t, c, o))
	requireMayWriteOnlyItsOwn(t, c, addresses, passwordIn(t, o.Credentials))
	topics, err = c.List(t.Context())
	require.NoError(t, err)
	require.Len(t, topics, 2)
	require.Equal(t, []string{"JNU_10_rasp", "1", "1", "0", "never", "no"}, topics[0].Row())
	require.Equal(t, "JNU_1_rasp", topics[1].User)
	require.EqualValues(t, 1, topics[1].Records)
	require.WithinDuration(t, time.Now(), *topics[1].Newest, time.Minute)
	detail, err := c.Show(t.Context(), o.Name)
	require.NoError(t, err)
	require.Equal(t, "LogAppendTime", detail.Settings["message.timestamp.type"])
	require.Len(t, detail.ACLs, 2)
}

func TestATopicThatCannotBeReadIsListedSo(t *testing.T) {
	t.Parallel()
	good := kadm.ListedOffsets{"JNU_1_rasp": {0: {Offset: 2}}}
	lost := kadm.ListedOffsets{"JNU_1_rasp": {0: {Err: kerr.LeaderNotAvailable}}}
	topic := Topic{Name: "JNU_1_rasp", Partitions: 1, Replication: 3}
	require.ErrorIs(t, topic.count(good, lost, nil), kerr.LeaderNotAvailable)
	require.ErrorContains(t, topic.count(nil, good, nil), "Kafka did not return its offsets")
	topic.Trouble = "no leader"
	require.Equal(t, []string{"JNU_1_rasp", "1", "3", "unknown", "unknown", "Kafka has no ACLs"}, topic.Row())
}
