package kafka_site

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// TestSCRAMOverTLS writes through the way that the shipped example takes, and looks what a wrong password and a wrong CA say.
func TestSCRAMOverTLS(t *testing.T) {
	t.Parallel()
	certificate, ca := newCertificate(t)
	_, otherCA := newCertificate(t)
	cluster := newCluster(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "station", "secret"),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}))
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

// newCertificate makes a certificate for 127.0.0.1 that signs itself, and writes it to a file.
func newCertificate(t *testing.T) (certificate tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600))
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, file
}
