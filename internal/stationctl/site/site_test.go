package site

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	stationkafka "github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// login is a client's configuration as a user.
func login(t *testing.T, user, password string) *sarama.Config {
	t.Helper()
	settings := stationkafka.NewToolConfig()
	common := kafka.Config{Version: settings.Version.String()}
	common.SASLMechanism = sarama.SASLTypeSCRAMSHA512
	common.SASLUsername, common.SASLPassword = config.NewSecret([]byte(user)), config.NewSecret([]byte(password))
	require.NoError(t, common.SetConfig(settings, logger.New("", "", "")))
	settings.Producer.Return.Successes = true
	settings.Producer.Retry.Max = 0
	return settings
}

// newGuarded is an embedded Kafka that asks who one is, and refuses what no ACL allows.
func newGuarded(t *testing.T, more ...kfake.Opt) (addresses []string) {
	t.Helper()
	cluster, err := kfake.NewCluster(append(more, kfake.NumBrokers(1), kfake.ListenFn(process.Listen), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("SCRAM-SHA-512", "admin", "of-the-test"))...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()
}

func open(t *testing.T, addresses []string) *Cluster {
	t.Helper()
	c, err := Open(t.Context(), addresses, login(t, "admin", "of-the-test"))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func options(t *testing.T, credentials string) AddOptions {
	t.Helper()
	name, err := NewName("JNU", "1", "rasp")
	require.NoError(t, err)
	return AddOptions{Name: name, Topic: TopicOptions{Partitions: 1, Replication: 1, Retention: 24 * time.Hour}, Credentials: credentials}
}

func plan(t *testing.T, c *Cluster, o AddOptions) *Plan {
	t.Helper()
	p, err := c.PlanAdd(t.Context(), o)
	require.NoError(t, err)
	return p
}

func apply(t *testing.T, p *Plan) {
	t.Helper()
	require.NoError(t, p.Apply(t.Context(), func(Step) error { return nil }))
}

func text(t *testing.T, p *Plan) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, p.Write(&out))
	return out.String()
}

func passwordIn(t *testing.T, file string) string {
	t.Helper()
	return passwordOf(t, file, "JNU_1_rasp")
}

func passwordOf(t *testing.T, file, user string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	variables := installed.Variables(string(content))
	require.Equal(t, user, variables["KAFKA_USERNAME"])
	require.NotEmpty(t, variables["KAFKA_PASSWORD"])
	return variables["KAFKA_PASSWORD"]
}

func TestAddTwice(t *testing.T) {
	t.Parallel()
	addresses := newGuarded(t)
	c := open(t, addresses)
	file := filepath.Join(t.TempDir(), "JNU_1_rasp.env")
	first := plan(t, c, options(t, file))
	require.Equal(t, fmt.Sprintf(`+ topic "JNU_1_rasp": 1 partition, replication factor 1, message.timestamp.type=LogAppendTime, retention.ms=86400000
+ ACL: User:JNU_1_rasp may WRITE topic "JNU_1_rasp"
+ ACL: User:JNU_1_rasp may DESCRIBE topic "JNU_1_rasp"
+ credentials %q: user "JNU_1_rasp" and a new password
+ user "JNU_1_rasp" (SCRAM-SHA-512) with the new password
`, file), text(t, first))
	require.NoFileExists(t, file, "a plan changes nothing")
	apply(t, first)
	password := passwordIn(t, file)
	require.NotContains(t, text(t, first), password)

	second := plan(t, c, options(t, file))
	require.Zero(t, second.Changes())
	require.False(t, second.Warnings())
	require.Equal(t, fmt.Sprintf(`= topic "JNU_1_rasp"
= ACL: User:JNU_1_rasp may WRITE topic "JNU_1_rasp"
= ACL: User:JNU_1_rasp may DESCRIBE topic "JNU_1_rasp"
= user "JNU_1_rasp" (SCRAM-SHA-512); the password is kept
= credentials %q
`, file), text(t, second))
	require.Equal(t, password, passwordIn(t, file))
	requireMayWriteOnlyItsOwn(t, c, addresses, password)
}

func requireMayWriteOnlyItsOwn(t *testing.T, c *Cluster, addresses []string, password string) {
	t.Helper()
	other := TopicOptions{Partitions: 1, Replication: 1}
	require.NoError(t, c.createTopic("JNU_10_rasp", other))
	producer, err := sarama.NewSyncProducer(addresses, login(t, "JNU_1_rasp", password))
	require.NoError(t, err)
	defer func() { require.NoError(t, producer.Close()) }()
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: "JNU_1_rasp", Value: sarama.StringEncoder("{}")})
	require.NoError(t, err)
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: "JNU_10_rasp", Value: sarama.StringEncoder("{}")})
	require.Error(t, err)
}

func write(addresses []string, config *sarama.Config, topic string) error {
	config.Producer.Idempotent, config.Producer.RequiredAcks, config.Net.MaxOpenRequests = true, sarama.WaitForAll, 1
	config.Producer.Retry.Max = 1
	producer, err := sarama.NewSyncProducer(addresses, config)
	if err != nil {
		return err
	}
	defer producer.Close() //nolint:errcheck // the record's result is what counts
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder("{}")})
	return err
}

// errKilled ends a plan as a kill would: what was done is done.
var errKilled = errors.New("killed")

func killedAfter(t *testing.T, p *Plan, steps int) {
	t.Helper()
	done := 0
	if steps == 0 {
		return
	}
	require.ErrorIs(t, p.Apply(t.Context(), func(Step) error {
		if done++; done == steps {
			return errKilled
		}
		return nil
	}), errKilled)
}

func TestAddKilledBetweenAnyTwoSteps(t *testing.T) {
	t.Parallel()
	for steps := range 6 {
		t.Run(fmt.Sprint(steps), func(t *testing.T) {
			t.Parallel()
			addresses := newGuarded(t)
			c := open(t, addresses)
			file := filepath.Join(t.TempDir(), "c.env")
			killedAfter(t, plan(t, c, options(t, file)), steps)
			apply(t, plan(t, c, options(t, file)))
			require.Zero(t, plan(t, c, options(t, file)).Changes())
			requireMayWriteOnlyItsOwn(t, c, addresses, passwordIn(t, file))
		})
	}
}

// Brokers before 2.8 require a permission on the cluster from idempotent producers.
func TestOldBrokersNeedIdempotentWrite(t *testing.T) {
	t.Parallel()
	c := open(t, newGuarded(t, kfake.MaxVersions(kversion.V2_7_0())))
	o := options(t, filepath.Join(t.TempDir(), "c.env"))
	p := plan(t, c, o)
	require.Contains(t, text(t, p), `+ ACL: User:JNU_1_rasp may IDEMPOTENT_WRITE cluster "kafka-cluster"`)
	apply(t, p)
	require.Zero(t, plan(t, c, o).Changes())
	p, err := c.PlanRemove(t.Context(), o.Name, "", false)
	require.NoError(t, err)
	require.Contains(t, text(t, p), `- ACL: User:JNU_1_rasp may IDEMPOTENT_WRITE cluster "kafka-cluster"`)
}

func TestSettingsOfAnExistingTopic(t *testing.T) {
	t.Parallel()
	c := open(t, newGuarded(t))
	file := filepath.Join(t.TempDir(), "c.env")
	o := options(t, file)
	apply(t, plan(t, c, o))
	o.Topic.Retention, o.Topic.MaxMessage = 48*time.Hour, 2_000_000
	p := plan(t, c, o)
	require.Equal(t, 2, p.Changes(), text(t, p))
	require.Contains(t, text(t, p), `~ topic "JNU_1_rasp": retention.ms=172800000 (was 86400000)`)
	apply(t, p)
	require.Zero(t, plan(t, c, o).Changes())

	o.Topic = TopicOptions{Partitions: 2, Replication: 3, Retention: time.Hour, MaxMessage: 1000}
	p = plan(t, c, o)
	require.Zero(t, p.Changes())
	require.True(t, p.Warnings())
	for _, want := range []string{
		`! topic "JNU_1_rasp" has 1 partition, not 2, and is left unchanged`,
		`! topic "JNU_1_rasp" has replication factor 1, not 3, and is left unchanged`,
		`! topic "JNU_1_rasp" has retention.ms=172800000, not 3600000, and is left unchanged, because records would be lost; to change it anyway: kafka-configs.sh`,
		`! topic "JNU_1_rasp" has max.message.bytes=2000000, not 1000, and is left unchanged`,
	} {
		require.Contains(t, text(t, p), want)
	}
	o.Topic = TopicOptions{Partitions: 1, Replication: 1, Retention: Forever}
	require.Contains(t, text(t, plan(t, c, o)), `~ topic "JNU_1_rasp": retention.ms=-1 (was 172800000)`)
}

func TestMoreThanAStationNeedsIsTold(t *testing.T) {
	t.Parallel()
	c := open(t, newGuarded(t))
	o := options(t, filepath.Join(t.TempDir(), "c.env"))
	apply(t, plan(t, c, o))
	require.NoError(t, c.permit(allow("JNU_1_rasp", kmsg.ACLResourceTypeTopic, "GIST_1_rasp", kmsg.ACLOperationRead)))
	p := plan(t, c, o)
	require.Zero(t, p.Changes())
	require.Contains(t, text(t, p), `! ACL: User:JNU_1_rasp may READ topic "GIST_1_rasp": not what a station requires`)
	p, err := c.PlanRemove(t.Context(), o.Name, "", false)
	require.NoError(t, err)
	require.Contains(t, text(t, p), `! user "JNU_1_rasp" is kept, because it has another ACL: User:JNU_1_rasp may READ topic "GIST_1_rasp"`)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c := open(t, newGuarded(t))
	folder := t.TempDir()
	foreign := filepath.Join(folder, "other.env")
	require.NoError(t, os.WriteFile(foreign, []byte("KAFKA_USERNAME=GIST_1_rasp\nKAFKA_PASSWORD=x\n"), 0o600))
	require.NoError(t, c.createTopic("a_b_1_x", TopicOptions{Partitions: 1, Replication: 1}))
	for want, change := range map[string]func(*AddOptions){
		`needs a file for the password; add --credentials FILE`:                                       func(o *AddOptions) { o.Credentials = "" },
		`contains the credentials of user "GIST_1_rasp", not of "JNU_1_rasp"; use another file`:       func(o *AddOptions) { o.Credentials = foreign },
		`directory "/nowhere": no such file or directory`:                                             func(o *AddOptions) { o.Credentials = "/nowhere/c.env" },
		`user "admin" is the administrator that you log in as; use another user for the station`:      func(o *AddOptions) { o.User = "admin" },
		`user "*": the name must consist of letters`:                                                  func(o *AddOptions) { o.User = "*" },
		`with 1 partition, replication factor 3, message.timestamp.type=LogAppendTime: Kafka rejects`: func(o *AddOptions) { o.Topic = TopicOptions{Partitions: 1, Replication: 3} },
		`topic "a.b_1_x": topic "a_b_1_x" exists, and Kafka metrics do not distinguish "." and "_"; choose another name`: func(o *AddOptions) {
			o.Name = Name{Site: "a.b", Index: "1", Type: "x"}
		},
	} {
		o := options(t, filepath.Join(folder, "c.env"))
		change(&o)
		_, err := c.PlanAdd(t.Context(), o)
		require.ErrorContains(t, err, want)
	}
	state, err := c.topic(t.Context(), "JNU_1_rasp")
	require.NoError(t, err)
	require.Nil(t, state, "nothing was done by half")
}
