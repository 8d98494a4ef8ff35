// Package hostile provides misconfigured and fake Kafka brokers, to test the error messages of clients.
package hostile

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/test/bed/certificate"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// Broker is a misconfigured or fake broker.
type Broker struct {
	Name    string
	Address string
	// CA is the CA file for the client; empty: the client does not use TLS.
	CA string
	// Says is what the client must say, as a regular expression.
	Says string
}

const (
	noTLS    = "this port does not use TLS"
	closed   = "the broker closed the connection: check whether it requires TLS or SASL"
	noAnswer = "check that this is the port of a Kafka broker, and whether it requires TLS|no answer from Kafka yet"
)

// Brokers starts all hostile brokers until the end of the test.
func Brokers(t *testing.T) []Broker {
	t.Helper()
	good, goodCA := certificate.New(t)
	_, otherCA := certificate.New(t)
	expired, expiredCA := certificate.New(t, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	})
	elsewhere, elsewhereCA := certificate.New(t, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 7)} })
	return []Broker{
		{"another CA", kafka(t, &good), otherCA, "certificate signed by unknown authority.*check that this CA signed"},
		{"expired certificate", kafka(t, &expired), expiredCA, "certificate has expired.*renew the broker certificate"},
		{"another host", kafka(t, &elsewhere), elsewhereCA, "certificate is valid for 192.0.2.7, not 127.0.0.1; use a broker name from the certificate"},
		{"TLS to a plain port", kafka(t, nil), goodCA, noAnswer},
		{"plain to a TLS port", kafka(t, &good), "", closed},
		{"a page", WebServer(t), "", closed + "|this is not a response from Kafka"},
		{"a page, with TLS", WebServer(t), goodCA, noTLS},
		{"silence", speaker(t, nil), "", noAnswer},
		{"silence, with TLS", speaker(t, nil), goodCA, noAnswer},
	}
}

// kafka starts an embedded broker and returns its address.
func kafka(t *testing.T, own *tls.Certificate) string {
	t.Helper()
	options := []kfake.Opt{kfake.NumBrokers(1), kfake.ListenFn(process.Listen)}
	if own != nil {
		options = append(options, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{*own}, MinVersion: tls.VersionTLS12}))
	}
	cluster, err := kfake.NewCluster(options...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()[0]
}

// WebServer starts a web server that rejects all requests, until the end of the test, and returns its address.
func WebServer(t *testing.T) string {
	t.Helper()
	return speaker(t, []byte("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html><body>Bad Request</body></html>\n"))
}

// speaker starts a server that sends the same bytes, or none, to each client.
func speaker(t *testing.T, says []byte) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed below
	require.NoError(t, err)
	var running sync.WaitGroup
	stop := make(chan struct{})
	t.Cleanup(func() {
		close(stop)
		_ = listener.Close()
		running.Wait()
	})
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { speak(conn, says, stop) })
		}
	})
	return listener.Addr().String()
}

func speak(conn net.Conn, says []byte, stop <-chan struct{}) {
	defer conn.Close() //nolint:errcheck // it has said all
	if len(says) == 0 {
		go io.Copy(io.Discard, conn) //nolint:errcheck // ends with the connection
		<-stop
		return
	}
	_, _ = conn.Read(make([]byte, 1024)) // the client speaks first
	_, _ = conn.Write(says)
}
