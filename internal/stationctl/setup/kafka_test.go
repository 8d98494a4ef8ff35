package setup

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	telegraftls "github.com/influxdata/telegraf/plugins/common/tls"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/test/bed/certificate"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

func newKafka(t *testing.T, settings ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append(settings, kfake.NumBrokers(2), kfake.ListenFn(process.Listen))...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

// describeWith calls describeCluster with the brokers of a cluster.
func describeWith(t *testing.T, kafka *kfake.Cluster, changes Values) (*cluster, error) {
	t.Helper()
	changes[Brokers] = strings.Join(kafka.ListenAddrs(), ",")
	return describeCluster(t.Context(), answers(changes), telegraftls.ClientConfig{}, 2*time.Second)
}

func TestConnectAll(t *testing.T) {
	t.Parallel()
	address := newKafka(t).ListenAddrs()[0]
	unreachable, err := connectAll(t.Context(), []string{address})
	require.NoError(t, err)
	require.False(t, unreachable)
	unreachable, err = connectAll(t.Context(), []string{address, "127.0.0.1:1", "nowhere.invalid:9092"})
	require.False(t, unreachable)
	require.ErrorContains(t, err, `cannot connect to broker "127.0.0.1:1": dial`)
	require.ErrorContains(t, err, `cannot resolve broker "nowhere.invalid:9092": dial`)
	unreachable, err = connectAll(t.Context(), []string{"127.0.0.1:1"})
	require.ErrorContains(t, err, `cannot connect to broker "127.0.0.1:1"`)
	require.True(t, unreachable)
}

func TestDescribeCluster(t *testing.T) {
	t.Parallel()
	kafka := newKafka(t)
	cluster, err := describeWith(t, kafka, Values{})
	require.NoError(t, err)
	require.Equal(t, 2, cluster.brokers)
	require.NoError(t, cluster.checkSize("2"))
	require.EqualError(t, cluster.checkSize("3"), "replication-factor is 3, but Kafka has only 2 brokers, so the topic cannot be created")
	_, err = describeWith(t, kafka, Values{TLSCA: SystemCA})
	require.ErrorContains(t, err, "cannot connect to Kafka at 127.0.0.1:")

	kafka.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		kafka.KeepControl()
		response := request.ResponseKind().(*kmsg.MetadataResponse)
		broker := kmsg.NewMetadataResponseBroker()
		broker.Host, broker.Port = "nowhere.invalid", 9092
		response.Brokers = append(response.Brokers, broker)
		return response, nil, true
	})
	_, err = describeWith(t, kafka, Values{})
	require.ErrorContains(t, err, `the brokers advertise addresses that this computer cannot reach`)
}

func TestDescribeClusterWithLogin(t *testing.T) {
	t.Parallel()
	own, ca := certificate.New(t)
	_, otherCA := certificate.New(t)
	kafka := newKafka(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "station", "secret"),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}))
	login := Values{TLSCA: ca, Mechanism: "SCRAM-SHA-512", Username: "station", password: "secret"}
	_, err := describeWith(t, kafka, login)
	require.NoError(t, err)
	for want, changes := range map[string]Values{
		"SASL": {password: "topsecret"},
		"x509": {TLSCA: otherCA},
		"tls":  {TLSCA: None},
		"TLS":  {TLSCA: None, Mechanism: None},
	} {
		_, err := describeWith(t, kafka, changes.withDefaults(login))
		require.ErrorContains(t, err, "cannot connect to Kafka at ")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "topsecret")
	}
}
