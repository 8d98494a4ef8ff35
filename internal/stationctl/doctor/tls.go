package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// expirationWarning is how long before the expiration of a certificate the warning starts.
const expirationWarning = 14 * 24 * time.Hour

func (k *connection) tls(ctx context.Context, reached []string) result {
	if !k.settings.Net.TLS.Enable {
		return k.withoutTLS(ctx, reached[0])
	}
	var lock sync.Mutex
	var first time.Time // expiration
	_, err := forEach(reached, func(address string) error {
		state, err := k.handshake(ctx, address, k.settings.Net.TLS.Config)
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		if expires := state.PeerCertificates[0].NotAfter; first.IsZero() || expires.Before(first) {
			first = expires
		}
		return nil
	})
	if err != nil {
		return k.tlsFailure(err, reached[0])
	}
	if now, _ := k.Clock(); first.Sub(now) < expirationWarning {
		return warning(fixRenewCertificate(reached[0]), "a broker certificate expires on %s", first.UTC().Format(time.DateOnly))
	}
	return ok("the broker certificates are valid until %s", first.UTC().Format(time.DateOnly))
}

func (k *connection) handshake(ctx context.Context, address string, config *tls.Config) (tls.ConnectionState, error) {
	ctx, cancel := context.WithTimeout(ctx, k.TLSHandshake)
	defer cancel()
	dialer := tls.Dialer{Config: config}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close() //nolint:errcheck // nothing was written
	return conn.(*tls.Conn).ConnectionState(), nil
}

// withoutTLS checks whether the port requires TLS although none is configured. If Kafka responds without TLS, there is nothing to check.
// The TLS handshake sends nothing secret, so the certificate is not verified.
func (k *connection) withoutTLS(ctx context.Context, address string) result {
	requiresTLS := false
	if k.requestBrokers(address) != nil {
		_, err := k.handshake(ctx, address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // as said above
		requiresTLS = err == nil
	}
	switch {
	case requiresTLS:
		return failed(k.fixInstallCA(), "%s requires TLS, but the configuration does not enable it", address)
	case k.settings.Net.SASL.Enable && k.settings.Net.SASL.Mechanism == "PLAIN":
		return warning(k.fixOption(`sasl_mechanism = "SCRAM-SHA-512"`, "--sasl-mechanism", "SCRAM-SHA-512"), "not used, so the password is sent in plain text")
	}
	return ok("not used")
}

func (k *connection) tlsFailure(err error, address string) result {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return failed(fixRenewCertificate(address), "the broker certificate is valid from %s to %s, but today is %s: %v", invalid.Cert.NotBefore.UTC().Format(time.DateOnly),
			invalid.Cert.NotAfter.UTC().Format(time.DateOnly), time.Now().UTC().Format(time.DateOnly), err)
	case errors.As(err, &unknown):
		return failed(k.fixInstallCA(), "the broker certificate was signed by another CA (%q) than tls_ca: %v", issuerOf(unknown.Cert), err)
	case errors.As(err, &name):
		return failed(k.fixBrokers(k.addressesFor(name.Certificate)), "the broker certificate is for %s: %v", strings.Join(namesOf(name.Certificate), ", "), err)
	case strings.Contains(err.Error(), "first record does not look like a TLS handshake"), strings.Contains(err.Error(), "EOF"), errors.Is(err, context.DeadlineExceeded):
		return failed(k.fixOption("enable_tls = false", "--tls-ca", "none"), "this port does not support TLS: %v; use another port, or disable TLS", err)
	}
	return failed(k.fixInstallCA(), "%v", err)
}

func issuerOf(certificate *x509.Certificate) string {
	if certificate == nil {
		return "unknown"
	}
	return certificate.Issuer.String()
}

func namesOf(certificate *x509.Certificate) []string {
	names := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// addressesFor returns the broker addresses with the first name in the certificate instead of names that it does not have.
func (k *connection) addressesFor(certificate *x509.Certificate) []string {
	names := namesOf(certificate)
	if len(names) == 0 {
		return []string{"HOST:9092"}
	}
	var addresses []string
	for _, address := range k.brokers {
		host, port, _ := net.SplitHostPort(address) // it is valid
		if certificate.VerifyHostname(host) != nil {
			host = names[0]
		}
		addresses = append(addresses, net.JoinHostPort(host, port))
	}
	return addresses
}

// fixInstallCA installs the file that the administrator of Kafka provides. The certificate that a broker sends cannot be trusted.
func (k *connection) fixInstallCA() string {
	return "sudo install -m 0644 kafka-ca.pem " + installed.KafkaCA + " && " + k.fixOption(`tls_ca = "`+installed.KafkaCA+`"`, "--tls-ca", installed.KafkaCA)
}

// fixRenewCertificate runs on the broker; a new certificate needs the key of the CA.
func fixRenewCertificate(address string) string {
	return onHost(hostOf(address), "sudo systemctl restart kafka  # after you have installed its new certificate")
}
