package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// dns looks up each broker's name as Telegraf would.
func (k *kafkaEnd) dns(ctx context.Context) result {
	known, troubles := each(k.brokers, func(address string) error {
		host, _, err := net.SplitHostPort(address)
		if err == nil && net.ParseIP(host) == nil {
			_, err = net.DefaultResolver.LookupHost(ctx, host)
		}
		return err
	})
	switch {
	case len(known) == 0:
		return bad(k.fix("brokers", "--brokers", []string{"HOST:9092"}), "no name of a broker is known here: is the network up, are they written well? (%v)", errors.Join(troubles...))
	case len(troubles) > 0:
		return doubtful(k.fix("brokers", "--brokers", known), "%v", errors.Join(troubles...))
	}
	return good("%s", strings.Join(known, ", "))
}

// each asks for all of the addresses at once, and sorts out those that are good.
func each(addresses []string, ask func(address string) error) (fine []string, troubles []error) {
	all := make([]error, len(addresses))
	var asking sync.WaitGroup
	for i, address := range addresses {
		asking.Go(func() { all[i] = ask(address) })
	}
	asking.Wait()
	for i, address := range addresses {
		if all[i] == nil {
			fine = append(fine, address)
		} else {
			troubles = append(troubles, fmt.Errorf("%s: %w", address, all[i]))
		}
	}
	return fine, troubles
}

func (k *kafkaEnd) tcp(ctx context.Context) result {
	silent := ""
	reached, troubles := each(k.brokers, func(address string) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	for _, address := range k.brokers {
		if !slices.Contains(reached, address) {
			silent = address
			break
		}
	}
	k.reached = reached
	switch {
	case len(reached) == 0:
		return bad(startKafka(silent), "nobody answers: does Kafka run there, does a firewall keep this computer out? (%v)", errors.Join(troubles...))
	case len(troubles) > 0:
		return doubtful(startKafka(silent), "%v", errors.Join(troubles...))
	}
	return good("%d of %d brokers answer", len(reached), len(k.brokers))
}

// startKafka is for a Kafka that is a service by that name.
func startKafka(address string) string {
	host, _, _ := net.SplitHostPort(address) // it was one
	return on(host, "sudo systemctl start kafka")
}

// soon is from when on a certificate's end is told.
const soon = 14 * 24 * time.Hour

func (k *kafkaEnd) tls(ctx context.Context) result {
	if !k.settings.Net.TLS.Enable {
		return k.noTLS(ctx)
	}
	var lock sync.Mutex
	var ends time.Time
	_, troubles := each(k.reached, func(address string) error {
		state, err := handshake(ctx, address, k.settings.Net.TLS.Config)
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		if end := state.PeerCertificates[0].NotAfter; ends.IsZero() || end.Before(ends) {
			ends = end
		}
		return nil
	})
	if len(troubles) > 0 {
		return k.explainTLS(errors.Join(troubles...))
	}
	if now, _ := k.Clock(); ends.Sub(now) < soon {
		return doubtful(k.renew(), "a broker's certificate ends on %s", ends.UTC().Format(time.DateOnly))
	}
	return good("the brokers' certificates are good until %s", ends.UTC().Format(time.DateOnly))
}

func handshake(ctx context.Context, address string, config *tls.Config) (tls.ConnectionState, error) {
	dialer := tls.Dialer{Config: config}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close() //nolint:errcheck // nothing was written
	return conn.(*tls.Conn).ConnectionState(), nil
}

// noTLS finds out whether the port speaks TLS all the same. Nobody is trusted by that: nothing is sent.
func (k *kafkaEnd) noTLS(ctx context.Context) result {
	_, err := handshake(ctx, k.reached[0], &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // as said above
	switch {
	case err == nil:
		return bad(k.installCA(), "%s speaks TLS, and the configuration has none", k.reached[0])
	case k.settings.Net.SASL.Enable && k.settings.Net.SASL.Mechanism == "PLAIN":
		return doubtful(k.fix("sasl_mechanism", "--sasl-mechanism", []string{"SCRAM-SHA-512"}), "none, so the password goes over the network as it is")
	}
	return good("none is used")
}

func (k *kafkaEnd) explainTLS(err error) result {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return bad(k.renew(), "the broker's certificate is good from %s to %s, and here it is %s: %v", invalid.Cert.NotBefore.UTC().Format(time.DateOnly),
			invalid.Cert.NotAfter.UTC().Format(time.DateOnly), time.Now().UTC().Format(time.DateOnly), err)
	case errors.As(err, &unknown):
		return bad(k.installCA(), "another authority than that of tls_ca signed the broker's certificate (%q): %v", issuer(unknown.Cert), err)
	case errors.As(err, &name):
		return bad(k.fix("brokers", "--brokers", k.named(name.Certificate)), "the broker's certificate is for %s: %v", strings.Join(names(name.Certificate), ", "), err)
	case strings.Contains(err.Error(), "first record does not look like a TLS handshake"), strings.Contains(err.Error(), "EOF"), errors.Is(err, context.DeadlineExceeded):
		return bad(k.fix("enable_tls = false", "--tls-ca", []string{"none"}), "this port does not speak TLS: give another port, or no TLS: %v", err)
	}
	return bad(k.installCA(), "%v", err)
}

func issuer(certificate *x509.Certificate) string {
	if certificate == nil {
		return "unknown"
	}
	return certificate.Issuer.String()
}

// names are whom a certificate is for.
func names(certificate *x509.Certificate) []string {
	all := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

// named are the addresses with a name of the certificate in the place of the one that it does not have.
func (k *kafkaEnd) named(certificate *x509.Certificate) []string {
	good := names(certificate)
	if len(good) == 0 {
		return []string{"HOST:9092"}
	}
	var all []string
	for _, address := range k.brokers {
		host, port, _ := net.SplitHostPort(address) // it was one
		if certificate.VerifyHostname(host) != nil {
			host = good[0]
		}
		all = append(all, net.JoinHostPort(host, port))
	}
	return all
}

// caFile is where the shipped configuration has the authority.
const caFile = "/etc/telegraf-station/kafka-ca.pem"

// installCA trusts the file that whoever runs Kafka gives. What a broker shows is not trusted: anybody could be one.
func (k *kafkaEnd) installCA() string {
	return "sudo install -m 0644 kafka-ca.pem " + caFile + " && " + k.fix("tls_ca", "--tls-ca", []string{caFile})
}

// renew is done where the broker is, with the authority's key.
func (k *kafkaEnd) renew() string {
	host, _, _ := net.SplitHostPort(k.reached[0])
	return on(host, "sudo systemctl restart kafka  # after its new certificate is in place")
}
