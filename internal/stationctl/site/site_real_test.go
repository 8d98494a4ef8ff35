//go:build real

package site

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	testkafka "github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// guarded is a cluster with a real authorizer, which refuses what no ACL allows.
type guarded struct {
	*Cluster
	addresses []string
	ca        string
	options   AddOptions
}

// settle waits until all brokers know of a change: the controller answers before they do.
const settle = 20 * time.Second

func TestRealKafkaKeepsASiteToItsTopic(t *testing.T) {
	t.Parallel()
	brokers, err := testkafka.StartReal(t.Context(), testkafka.Options{
		Brokers: 3, Dir: t.TempDir(), Admin: testkafka.Login{User: "admin", Password: "of-the-test"}, TLS: true,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, brokers.Close()) })
	r := &guarded{addresses: brokers.Addresses(), ca: brokers.CA(), options: options(t, filepath.Join(t.TempDir(), "c.env"))}
	r.Cluster, err = Open(t.Context(), r.addresses, r.login(t, "admin", "of-the-test"))
	require.NoError(t, err)
	t.Cleanup(r.Close)
	r.killedAndRunAgain(t)
	r.added(t)
	r.refusals(t)
	r.rotated(t)
	r.wideRules(t)
	r.listed(t)
	r.removed(t)
}

// unchanged waits until the plan has nothing to do, and shows it.
func (r *guarded) unchanged(t *testing.T, o AddOptions) {
	t.Helper()
	require.Eventually(t, func() bool {
		p, err := r.PlanAdd(t.Context(), o)
		return err == nil && p.Changes() == 0 && !p.Warnings()
	}, settle, 50*time.Millisecond)
}

func (r *guarded) killedAndRunAgain(t *testing.T) {
	for steps := range 5 {
		o := r.options
		o.Name = Name{Site: "killed", Index: fmt.Sprint(steps), Type: "rasp"}
		o.Credentials = filepath.Join(t.TempDir(), "c.env")
		killedAfter(t, plan(t, r.Cluster, o), steps)
		apply(t, plan(t, r.Cluster, o))
		r.unchanged(t, o)
		r.mayWrite(t, r.login(t, o.Name.Topic(), passwordOf(t, o.Credentials, o.Name.Topic())), o.Name.Topic())
	}
}

func (r *guarded) added(t *testing.T) {
	first := plan(t, r.Cluster, r.options)
	require.Equal(t, 5, first.Changes(), text(t, first))
	require.NotContains(t, text(t, first), "IDEMPOTENT_WRITE", "Kafka 4 does not need it")
	apply(t, first)
	r.unchanged(t, r.options)
	r.mayWrite(t, r.station(t), "JNU_1_rasp")
}

// station is the client of the site's station: it numbers its records, as outputs.kafka_site does.
func (r *guarded) station(t *testing.T) *sarama.Config {
	t.Helper()
	return r.login(t, "JNU_1_rasp", passwordIn(t, r.options.Credentials))
}

// login is over TLS.
func (r *guarded) login(t *testing.T, user, password string) *sarama.Config {
	t.Helper()
	config := login(t, user, password)
	authority, err := os.ReadFile(r.ca)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority))
	config.Net.TLS.Enable, config.Net.TLS.Config = true, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return config
}

func (r *guarded) loginAs(t *testing.T, password string) error {
	t.Helper()
	client, err := sarama.NewClient(r.addresses, r.login(t, "JNU_1_rasp", password))
	if err != nil {
		return err
	}
	return client.Close()
}

func (r *guarded) mayWrite(t *testing.T, config *sarama.Config, topic string) {
	t.Helper()
	var err error
	require.Eventually(t, func() bool { err = write(r.addresses, config, topic); return err == nil }, settle, 100*time.Millisecond,
		"%s: %v", topic, &err)
}

func (r *guarded) refusals(t *testing.T) {
	other := r.options
	other.Name, other.Credentials = Name{Site: "JNU", Index: "10", Type: "rasp"}, filepath.Join(t.TempDir(), "c.env")
	apply(t, plan(t, r.Cluster, other))
	r.unchanged(t, other)
	station := r.station(t)
	require.ErrorIs(t, write(r.addresses, r.station(t), "JNU_10_rasp"), sarama.ErrTopicAuthorizationFailed)
	require.ErrorIs(t, write(r.addresses, r.station(t), "killed_1_rasp"), sarama.ErrTopicAuthorizationFailed)
	admin, err := sarama.NewClusterAdmin(r.addresses, station)
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	for _, topic := range []string{"JNU_1_rasp", "JNU_10_rasp"} {
		require.ErrorIs(t, admin.DeleteTopic(topic), sarama.ErrTopicAuthorizationFailed)
		require.Error(t, admin.DeleteRecords(topic, map[int32]int64{0: 1}))
		require.ErrorIs(t, r.read(t, topic), sarama.ErrTopicAuthorizationFailed)
	}
	require.ErrorIs(t, admin.CreateTopic("JNU_2_rasp", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false), sarama.ErrTopicAuthorizationFailed)
	require.ErrorIs(t, admin.IncrementalAlterConfig(sarama.TopicResource, "JNU_1_rasp", map[string]sarama.IncrementalAlterConfigsEntry{
		retention: {Operation: sarama.IncrementalAlterConfigsOperationDelete},
	}, false), sarama.ErrTopicAuthorizationFailed)
	_, err = admin.ListAcls(sarama.AclFilter{ResourceType: sarama.AclResourceAny, ResourcePatternTypeFilter: sarama.AclPatternAny, Operation: sarama.AclOperationAny, PermissionType: sarama.AclPermissionAny})
	require.ErrorIs(t, err, sarama.ErrClusterAuthorizationFailed)
	foreign, err := Open(t.Context(), r.addresses, station)
	require.NoError(t, err)
	defer foreign.Close()
	require.ErrorIs(t, foreign.setPassword("admin", "mine"), kerr.ClusterAuthorizationFailed)
	_, err = foreign.PlanAdd(t.Context(), AddOptions{Name: Name{Site: "JNU", Index: "3", Type: "rasp"}, Topic: r.options.Topic, Credentials: other.Credentials})
	require.ErrorContains(t, err, "log in as an administrator")
}

// read fetches a record as the station.
func (r *guarded) read(t *testing.T, topic string) error {
	t.Helper()
	client, err := sarama.NewClient(r.addresses, r.login(t, "admin", "of-the-test"))
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	known, err := client.Leader(topic, 0)
	require.NoError(t, err)
	leader := sarama.NewBroker(known.Addr())
	require.NoError(t, leader.Open(r.station(t)))
	defer func() { require.NoError(t, leader.Close()) }()
	request := &sarama.FetchRequest{Version: 4, MaxWaitTime: 100, MaxBytes: 1 << 20}
	request.AddBlock(topic, 0, 0, 1<<20, -1)
	answer, err := leader.Fetch(request)
	require.NoError(t, err)
	return answer.GetBlock(topic, 0).Err
}

func (r *guarded) rotated(t *testing.T) {
	old := passwordIn(t, r.options.Credentials)
	for _, steps := range []int{1, 2} { // killed before Kafka has it, then whole
		p, err := r.PlanRotate(t.Context(), r.options.Name, "", r.options.Credentials)
		require.NoError(t, err)
		if steps == 1 {
			killedAfter(t, p, 1)
			r.mayWrite(t, r.login(t, "JNU_1_rasp", old), "JNU_1_rasp")
			continue
		}
		apply(t, p)
	}
	r.mayWrite(t, r.station(t), "JNU_1_rasp")
	require.Eventually(t, func() bool { return r.loginAs(t, old) != nil }, settle, 50*time.Millisecond, "the old password is taken")
	r.unchanged(t, r.options)
}

// wideRules are reported: they let others write to the topic.
func (r *guarded) wideRules(t *testing.T) {
	prefixed := allow("JNU_1", kmsg.ACLResourceTypeTopic, "JNU_1", kmsg.ACLOperationWrite)
	prefixed.Pattern = kmsg.ACLResourcePatternTypePrefixed
	all := allow("*", kmsg.ACLResourceTypeTopic, "*", kmsg.ACLOperationAll)
	require.NoError(t, r.permit(prefixed))
	require.NoError(t, r.permit(all))
	require.Eventually(t, func() bool {
		told := text(t, plan(t, r.Cluster, r.options))
		return strings.Contains(told, `! ACL: User:JNU_1 may WRITE every topic with the prefix "JNU_1": other stations can write to this topic`) &&
			strings.Contains(told, `! ACL: User:* may ALL every topic: other stations can write to this topic`)
	}, settle, 50*time.Millisecond)
	require.NoError(t, r.forbid(t.Context(), prefixed))
	require.NoError(t, r.forbid(t.Context(), all))
	r.unchanged(t, r.options)
}

func (r *guarded) listed(t *testing.T) {
	topics, err := r.List(t.Context())
	require.NoError(t, err)
	require.Len(t, topics, 7)
	require.Equal(t, []string{"JNU_10_rasp", "1", "1", "0", "never", "JNU_10_rasp"}, topics[0].Row())
	require.Equal(t, "JNU_1_rasp", topics[1].User)
	require.Positive(t, topics[1].Records)
	require.WithinDuration(t, time.Now(), *topics[1].Newest, time.Minute)
}

func (r *guarded) removed(t *testing.T) {
	station := r.station(t)
	for steps := 1; steps <= 2; steps++ {
		p, err := r.PlanRemove(t.Context(), r.options.Name, "JNU_1_rasp", true)
		require.NoError(t, err)
		killedAfter(t, p, steps)
	}
	p, err := r.PlanRemove(t.Context(), r.options.Name, "", true)
	require.NoError(t, err)
	apply(t, p)
	require.Eventually(t, func() bool {
		p, err := r.PlanRemove(t.Context(), r.options.Name, "", true)
		return err != nil && p == nil
	}, settle, 50*time.Millisecond, "nothing is left")
	require.Error(t, write(r.addresses, station, "JNU_1_rasp"))
}
