package setup

import (
	"crypto/tls"
	"strings"
	"testing"

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

// ask is askKafka with the answers, at the brokers of a cluster.
func ask(t *testing.T, kafka *kfake.Cluster, changes Values) (*cluster, error) {
	t.Helper()
	changes[Brokers] = strings.Join(kafka.ListenAddrs(), ",")
	return askKafka(t.Context(), answers(changes), telegraftls.ClientConfig{})
}

func TestReach(t *testing.T) {
	t.Parallel()
	address := newKafka(t).ListenAddrs()[0]
	silent, err := reachAll(t.Context(), []string{address})
	require.NoError(t, err)
	require.False(t, silent)
	silent, err = reachAll(t.Context(), []string{address, "127.0.0.1:1", "nowhere.invalid:9092"})
	require.False(t, silent)
	require.ErrorContains(t, err, `broker "127.0.0.1:1": nobody answers: is the port right, does Kafka run there, does a firewall keep you out? (dial`)
	require.ErrorContains(t, err, `broker "nowhere.invalid:9092": its name is not known here: is it written well, and is the network up? (dial`)
	silent, err = reachAll(t.Context(), []string{"127.0.0.1:1"})
	require.Error(t, err)
	require.True(t, silent)
}

func TestAskKafka(t *testing.T) {
	t.Parallel()
	kafka := newKafka(t)
	told, err := ask(t, kafka, Values{})
	require.NoError(t, err)
	require.Equal(t, 2, told.brokers)
	require.NoError(t, told.checkSize("2"))
	require.EqualError(t, told.checkSize("3"), "replication-factor is 3, but Kafka has 2 broker(s): unless it is at most that, the topic cannot be created")
	_, err = ask(t, kafka, Values{TLSCA: SystemCA})
	require.ErrorContains(t, err, "the Kafka at 127.0.0.1:")
	require.ErrorContains(t, err, " does not let us in: ")

	kafka.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		kafka.KeepControl()
		response := request.ResponseKind().(*kmsg.MetadataResponse)
		broker := kmsg.NewMetadataResponseBroker()
		broker.Host, broker.Port = "nowhere.invalid", 9092
		response.Brokers = append(response.Brokers, broker)
		return response, nil, true
	})
	_, err = ask(t, kafka, Values{})
	require.ErrorContains(t, err, `the brokers answer, but name addresses that cannot be reached from here: have their advertised.listeners set to names that this computer knows: broker "nowhere.invalid:9092"`)
}

func TestAskKafkaThatAsksBack(t *testing.T) {
	t.Parallel()
	own, ca := certificate.New(t)
	_, otherCA := certificate.New(t)
	kafka := newKafka(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "station", "secret"),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}))
	login := Values{TLSCA: ca, Mechanism: "SCRAM-SHA-512", Username: "station", password: "secret"}
	_, err := ask(t, kafka, login)
	require.NoError(t, err)
	for want, changes := range map[string]Values{
		`are user name "station", the password and mechanism SCRAM-SHA-512 right?`:       {password: "topsecret"},
		`is this the authority that signed the brokers' certificates?`:                   {TLSCA: otherCA},
		`and mechanism SCRAM-SHA-512 right? Does Kafka want TLS?`:                        {TLSCA: None},
		`the connection was closed: does Kafka want TLS, or a user's name and password?`: {TLSCA: None, Mechanism: None},
	} {
		_, err := ask(t, kafka, changes.over(login))
		require.ErrorContains(t, err, "does not let us in: ")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "topsecret")
	}
}
