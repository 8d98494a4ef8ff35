package certs

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// BrokerOptions describe a broker certificate.
type BrokerOptions struct {
	Name string // of the file, NAME.pem
	// Names are the host names and addresses that clients and other brokers use for it.
	Names []string
	Days  int
	// Renew is how many days before its expiration a certificate is renewed.
	Renew int
}

// PlanBroker plans to issue a certificate, or to renew one that differs from the options. An existing file keeps its owner and mode.
func PlanBroker(dir string, options BrokerOptions) (*Result, error) {
	path, err := brokerFile(dir, options.Name)
	if err != nil {
		return nil, err
	}
	template, err := options.template()
	if err != nil {
		return nil, err
	}
	ca, err := usableCA(dir)
	if err != nil {
		return nil, err
	}
	if template.NotAfter.After(ca.certificate.NotAfter) {
		template.NotAfter = ca.certificate.NotAfter
	}
	r := &Result{Files: []string{path}, Ends: template.NotAfter, do: func() error { return issueBroker(path, template, ca) }}
	has, err := readPair(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Mark = Created
	case err != nil:
		return nil, err
	default:
		if reason := options.renewalReason(has, ca, template); reason != "" {
			r.Mark, r.Text = Changed, fmt.Sprintf(" (renewed, because %s; restart the broker)", reason)
		} else {
			r.Mark, r.Ends, r.do = Unchanged, has.certificate.NotAfter, nil
		}
	}
	r.Text = fmt.Sprintf("certificate %q for %s, valid until %s%s", path, strings.Join(options.Names, ", "), date(r.Ends), r.Text)
	return r, nil
}

func (o BrokerOptions) template() (*x509.Certificate, error) {
	template, err := newTemplate(o.Days)
	if err != nil {
		return nil, err
	}
	if o.Renew >= o.Days {
		return nil, fmt.Errorf("a certificate that is valid for %d days and renewed %d days before would be renewed every time; set --renew to fewer days", o.Days, o.Renew)
	}
	template.Subject = pkix.Name{CommonName: o.Name}
	// A broker is also a client of the other brokers.
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	return template, o.addNames(template)
}

// dnsName matches a DNS name.
var dnsName = regexp.MustCompile(`^([a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)

func (o BrokerOptions) addNames(template *x509.Certificate) error {
	for _, name := range o.Names {
		switch ip := net.ParseIP(name); {
		case ip != nil:
			template.IPAddresses = append(template.IPAddresses, ip)
		case dnsName.MatchString(name) && len(name) <= 253:
			template.DNSNames = append(template.DNSNames, name)
		default:
			return fmt.Errorf("a name must be a host name or an address without a port, e.g. kafka-1 or 192.0.2.7 (got %q)", name)
		}
	}
	if len(o.Names) == 0 {
		return errors.New("the names that clients use for the broker are required, e.g. kafka-1 or 192.0.2.7")
	}
	return nil
}

// renewalReason returns why a certificate must be renewed, or "".
func (o BrokerOptions) renewalReason(has, ca pair, template *x509.Certificate) string {
	switch {
	case !has.matches():
		return "its key and certificate do not match"
	case has.certificate.CheckSignatureFrom(ca.certificate) != nil:
		return "another CA signed it"
	case !slices.Equal(namesOf(has.certificate), namesOf(template)):
		return "it was for " + strings.Join(namesOf(has.certificate), ", ")
	case time.Until(has.certificate.NotAfter) < time.Duration(o.Renew)*day && has.certificate.NotAfter.Before(ca.certificate.NotAfter):
		return "it expires on " + date(has.certificate.NotAfter)
	}
	return ""
}

// namesOf returns the sorted names: the order of the flags does not matter.
func namesOf(certificate *x509.Certificate) []string {
	names := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func issueBroker(path string, template *x509.Certificate, ca pair) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	text, err := encodeKey(key)
	if err != nil {
		return err
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, key.Public(), ca.key)
	if err != nil {
		return err
	}
	return host.Update(path, text+encodeCertificate(raw)+encodeCertificate(ca.certificate.Raw))
}
