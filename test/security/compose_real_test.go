//go:build real

package security

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/certs"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	testkafka "github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

const composeDir = "../../packaging/compose"

// example is the shipped Compose project for this machine, with .env and secrets created as described in its README.
type example struct {
	dir     string
	project *types.Project
}

func newExample(t *testing.T) *example {
	t.Helper()
	e := &example{dir: t.TempDir()}
	env := filepath.Join(e.dir, ".env")
	require.NoError(t, process.Run(t.Context(), process.Command{Path: "./make-env.sh", Args: []string{"127.0.0.1", env}, Dir: composeDir}))
	authority, err := certs.PlanCA(e.secret(""), "test", 2)
	require.NoError(t, err)
	require.NoError(t, authority.Apply())
	for i := range 3 {
		name := "kafka-" + strconv.Itoa(i+1)
		made, err := certs.PlanBroker(e.secret(""), certs.BrokerOptions{Name: name, Names: []string{name, "127.0.0.1"}, Days: 1})
		require.NoError(t, err)
		require.NoError(t, made.Apply())
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(composeDir, "compose.yaml")},
		cli.WithEnv([]string{"SECRETS=" + e.secret("")}), cli.WithEnvFiles(env), cli.WithDotEnv)
	require.NoError(t, err)
	e.project, err = options.LoadProject(t.Context())
	require.NoError(t, err)
	return e
}

func (e *example) secret(name string) string { return filepath.Join(e.dir, "secrets", name) }

func (e *example) password(t *testing.T, user string) string {
	t.Helper()
	text, err := os.ReadFile(e.secret(user + ".password"))
	require.NoError(t, err)
	return string(text)
}

// settings returns the broker settings that the image would write, with addresses and directories of this machine instead of the container.
func (e *example) settings(all []testkafka.Node, broker int) (string, error) {
	service := e.project.Services["kafka-"+strconv.Itoa(broker+1)]
	secrets := filepath.Join(all[broker].Dir, "secrets")
	if err := e.mount(service, secrets); err != nil {
		return "", err
	}
	places := []string{
		"/run/secrets", secrets, "/var/lib/kafka/data", filepath.Join(all[broker].Dir, "data"),
		"INSIDE://:9092", "INSIDE://" + all[broker].Inside, "CONTROLLER://:9093", "CONTROLLER://" + all[broker].Controller,
		fmt.Sprintf("OUTSIDE://:%d9092", broker+1), "OUTSIDE://" + all[broker].Clients,
		fmt.Sprintf("127.0.0.1:%d9092", broker+1), all[broker].Clients,
	}
	for i, node := range all {
		places = append(places, fmt.Sprintf("kafka-%d:9092", i+1), node.Inside, fmt.Sprintf("kafka-%d:9093", i+1), node.Controller)
	}
	return strings.NewReplacer(places...).Replace(properties(service)), nil
}

// properties converts environment variables to settings, like the image (KafkaDockerWrapper of Kafka 4.3.1).
func properties(service types.ServiceConfig) string {
	key := strings.NewReplacer("___", "-", "__", "_", "_", ".")
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(service.Environment)) {
		if setting, is := strings.CutPrefix(name, "KAFKA_"); is && name != "KAFKA_HEAP_OPTS" {
			fmt.Fprintf(&lines, "%s=%s\n", strings.ToLower(key.Replace(setting)), *service.Environment[name])
		}
	}
	return lines.String()
}

// mount copies the secrets of the service to dir.
func (e *example) mount(service types.ServiceConfig, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, secret := range service.Secrets {
		text, err := os.ReadFile(e.project.Secrets[secret.Source].File)
		if err != nil {
			return err
		}
		name := secret.Target
		if name == "" {
			name = secret.Source
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// TestTheShippedBrokers runs brokers with the settings of compose.yaml and follows the README.
func TestTheShippedBrokers(t *testing.T) {
	t.Parallel()
	e := newExample(t)
	admin := login{sarama.SASLTypePlaintext, "admin", e.password(t, "admin"), e.secret("ca.pem")}
	brokers, err := testkafka.StartReal(t.Context(), testkafka.Options{
		Dir: t.TempDir(), Settings: e.settings, CA: admin.ca, Admin: testkafka.Login{User: admin.user, Password: admin.password},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, brokers.Close()) })
	addresses := brokers.Addresses()
	cluster, err := site.Open(t.Context(), addresses, admin.settings(t))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)

	plan, err := cluster.PlanAddCentral(t.Context(), site.CentralOptions{User: "central", Group: "telegraf-station", Credentials: e.secret("central.env")})
	apply(t, plan, err)
	name, err := site.NewName("JNU", "1", "rasp")
	require.NoError(t, err)
	other, err := site.NewName("JNU", "10", "rasp")
	require.NoError(t, err)
	for _, each := range []site.Name{name, other} {
		plan, err = cluster.PlanAdd(t.Context(), site.AddOptions{
			Name: each, Topic: site.TopicOptions{Partitions: 1, Replication: 3}, Credentials: e.secret(each.Topic() + ".env"),
		})
		apply(t, plan, err)
	}
	station := admin.as(t, e.secret("JNU_1_rasp.env"))
	require.Eventually(t, func() bool { return write(t, station, addresses, "JNU_1_rasp") == nil }, 30*time.Second, 100*time.Millisecond)
	require.ErrorIs(t, write(t, station, addresses, "JNU_10_rasp"), sarama.ErrTopicAuthorizationFailed)
	requireCentralReads(t, admin.as(t, e.secret("central.env")), addresses, e.project.Services["central"])

	for _, refused := range []login{
		{sarama.SASLTypePlaintext, "admin", "wrong", admin.ca},
		{sarama.SASLTypePlaintext, "broker", e.password(t, "broker"), admin.ca}, // from outside
		{sarama.SASLTypePlaintext, station.user, station.password, admin.ca},
		{sarama.SASLTypeSCRAMSHA512, station.user, "wrong", admin.ca},
		{sarama.SASLTypeSCRAMSHA512, "admin", admin.password, admin.ca},
	} {
		require.ErrorIs(t, refused.try(t, addresses), sarama.ErrSASLAuthenticationFailed, "%s as %s", refused.mechanism, refused.user)
	}
	requireTLS(t, admin, addresses)
	plan, err = cluster.PlanAdd(t.Context(), site.AddOptions{Name: name, Topic: site.TopicOptions{Partitions: 1, Replication: 3}, Credentials: e.secret("JNU_1_rasp.env")})
	require.NoError(t, err)
	require.Zero(t, plan.Changes(), "a second run changes nothing")
	require.False(t, plan.Warnings())
	require.NoError(t, os.WriteFile(e.secret("JNU_1_rasp.env"), []byte("KAFKA_USERNAME=JNU_1_rasp\nKAFKA_PASSWORD=wrong\n"), 0o600))
	plan, err = cluster.PlanAdd(t.Context(), site.AddOptions{Name: name, Topic: site.TopicOptions{Partitions: 1, Replication: 3}, Credentials: e.secret("JNU_1_rasp.env")})
	require.NoError(t, err)
	require.True(t, plan.Warnings(), "the other login of the administrator does not hide the incorrect password")
}

// requireCentralReads runs the central Telegraf with the variables of its Compose service.
func requireCentralReads(t *testing.T, as login, addresses []string, service types.ServiceConfig) {
	t.Helper()
	binary, err := telegraf.Build(t.Context(), os.Stderr)
	require.NoError(t, err)
	require.Equal(t, "/run/secrets/kafka-ca.pem", *service.Environment["KAFKA_TLS_CA"])
	central, err := telegraf.Central{
		Brokers: addresses, URL: "http://127.0.0.1:1", Token: "none", Org: "station", Bucket: "station", RefreshInterval: time.Second,
		Environment: []string{
			"KAFKA_TLS_CA=" + as.ca, "KAFKA_SASL_MECHANISM=" + *service.Environment["KAFKA_SASL_MECHANISM"],
			"KAFKA_USERNAME=" + as.user, "KAFKA_PASSWORD=" + as.password,
		},
	}.Start(binary, t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, central.Kill()) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, central.WaitForLog(ctx, "Consuming 2 topics: JNU_10_rasp, JNU_1_rasp"))
}

func requireTLS(t *testing.T, admin login, addresses []string) {
	t.Helper()
	settings := admin.settings(t)
	settings.Net.TLS.Enable = false
	_, err := site.Open(t.Context(), addresses, settings)
	require.ErrorContains(t, err, "whether it requires TLS")
}

func write(t *testing.T, as login, addresses []string, topic string) error {
	t.Helper()
	settings := as.settings(t)
	settings.Producer.Return.Successes, settings.Producer.Retry.Max = true, 0
	producer, err := sarama.NewSyncProducer(addresses, settings)
	if err != nil {
		return err
	}
	defer func() { require.NoError(t, producer.Close()) }()
	record := `{"device_id":"pi","status":0,"time":"2026-11-24T12:00:00Z","lat":35.17959,"lon":126.90822,"light":554}`
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(record)})
	return err
}
