package kafka_site

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
	"github.com/telegraf-station/telegraf-station/test/bed/certificate"
	"github.com/telegraf-station/telegraf-station/test/bed/hostile"
)

// TestSCRAMOverTLS uses the options of the shipped example, also with a wrong password and a wrong CA.
func TestSCRAMOverTLS(t *testing.T) {
	t.Parallel()
	own, ca := certificate.New(t)
	_, otherCA := certificate.New(t)
	cluster := newCluster(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "station", "secret"),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}))
	secured := func(password, caFile string) *bench {
		return newBench(t, cluster.ListenAddrs(), func(k *KafkaSite) {
			k.SASLMechanism = "SCRAM-SHA-512"
			k.SASLUsername, k.SASLPassword = config.NewSecret([]byte("station")), config.NewSecret([]byte(password))
			k.TLSCA = caFile
			k.WriteTimeout = config.Duration(time.Second)
		})
	}
	for text, b := range map[string]*bench{
		"the broker closed the connection": secured("wrong", ca),
		"certificate signed by unknown":    secured("secret", otherCA),
	} {
		b.output.Add(readings("JNU", 1)...)
		b.requireLogged(text)
	}
	secured("secret", ca).deliver(readings("JNU", 3)...)

	text, err := os.ReadFile(ca)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	requireGapless(t, consume(t, cluster, "JNU_1_rasp", 3,
		kgo.DialTLSConfig(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}),
		kgo.SASL(scram.Auth{User: "station", Pass: "secret"}.AsSha512Mechanism())), 3)
}

// Whatever answers instead of a broker, the log states the problem.
func TestStrangeBrokers(t *testing.T) {
	t.Parallel()
	for _, broker := range hostile.Brokers(t) {
		t.Run(broker.Name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, []string{broker.Address}, func(k *KafkaSite) {
				k.TLSCA = broker.CA
				k.WriteTimeout, k.requestTimeout = config.Duration(time.Second), 2*time.Second
			})
			b.output.Add(readings("JNU", 1)...)
			pattern := regexp.MustCompile(broker.Says)
			require.Eventually(t, func() bool { return pattern.MatchString(strings.Join(b.log.Errors(), "\n")) }, time.Minute, time.Millisecond,
				"%s is not in the log: %v", broker.Says, b.log.Messages())
		})
	}
}

func TestAFailureThatDiffersInTimeOrPortIsLoggedOnce(t *testing.T) {
	t.Parallel()
	log, now, failure := &testutil.CaptureLogger{}, time.Now(), &logonce.Failure{}
	for _, text := range []string{
		"certificate has expired: current time 2026-11-24T16:22:14Z is after 2026-11-23T16:22:14Z",
		"certificate has expired: current time 2026-11-24T16:22:15Z is after 2026-11-23T16:22:14Z",
		"read tcp 127.0.0.1:33730->127.0.0.1:43083: i/o timeout",
		"read tcp 127.0.0.1:33732->127.0.0.1:43083: i/o timeout",
		"read tcp 127.0.0.1:33732->127.0.0.1:43084: i/o timeout",
	} {
		reportFailure(failure, log, now, errors.New(text))
	}
	require.Len(t, log.Errors(), 3)
}
