package kafka_site

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/telegraf-station/telegraf-station/test/bed/certificate"
	"github.com/telegraf-station/telegraf-station/test/bed/hostile"
)

// TestSCRAMOverTLS writes through the way that the shipped example takes, and looks what a wrong password and a wrong CA say.
func TestSCRAMOverTLS(t *testing.T) {
	t.Parallel()
	own, ca := certificate.New(t)
	_, otherCA := certificate.New(t)
	cluster := newCluster(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "station", "secret"),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}))
	secured := func(password, caFile string) *KafkaSite {
		return newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) {
			k.SASLMechanism = "SCRAM-SHA-512"
			k.SASLUsername, k.SASLPassword = config.NewSecret([]byte("station")), config.NewSecret([]byte(password))
			k.TLSCA = caFile
			k.WriteTimeout = config.Duration(2 * time.Second)
		}).plugin
	}
	require.ErrorContains(t, secured("wrong", ca).Write(readings("JNU", 1)),
		"the broker closed the connection: does it want TLS or SASL (enable_tls, sasl_mechanism), or refuse the password?")
	require.ErrorContains(t, secured("secret", otherCA).Write(readings("JNU", 1)), "certificate signed by unknown authority")
	require.NoError(t, secured("secret", ca).Write(readings("JNU", 3)))

	text, err := os.ReadFile(ca)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 3,
		kgo.DialTLSConfig(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}),
		kgo.SASL(scram.Auth{User: "station", Pass: "secret"}.AsSha512Mechanism())), 3)
}

// Whoever answers in the broker's place: Write says what is wrong, in time, and the record waits.
func TestStrangeBrokers(t *testing.T) {
	t.Parallel()
	for _, broker := range hostile.Brokers(t) {
		t.Run(broker.Name, func(t *testing.T) {
			t.Parallel()
			plugin := newBench(t, []string{broker.Address}, func(k *KafkaSite) {
				k.TLSCA = broker.CA
				k.WriteTimeout = config.Duration(10 * time.Second)
			}).plugin
			begin := time.Now()
			err := plugin.Write(readings("JNU", 1))
			require.Error(t, err)
			require.Regexp(t, broker.Says, err.Error())
			require.Less(t, time.Since(begin), 30*time.Second)
		})
	}
}

func TestTroubleThatDiffersInTimeOrPortIsLoggedOnce(t *testing.T) {
	t.Parallel()
	log, now, lasting := &testutil.CaptureLogger{}, time.Now(), &trouble{}
	for _, text := range []string{
		"certificate has expired: current time 2026-11-24T16:22:14Z is after 2026-11-23T16:22:14Z",
		"certificate has expired: current time 2026-11-24T16:22:15Z is after 2026-11-23T16:22:14Z",
		"read tcp 127.0.0.1:33730->127.0.0.1:43083: i/o timeout",
		"read tcp 127.0.0.1:33732->127.0.0.1:43083: i/o timeout",
		"read tcp 127.0.0.1:33732->127.0.0.1:43084: i/o timeout",
	} {
		lasting.begin(log, now, errors.New(text))
	}
	require.Len(t, log.Errors(), 3)
}
