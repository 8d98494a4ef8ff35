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

// BrokerOptions say how a broker's certificate is to be.
type BrokerOptions struct {
	Name string // of its file, NAME.pem
	// Names are the hosts and addresses by which clients, and the other brokers, reach it.
	Names []string
	Days  int
	// Renew has a certificate made anew that ends within so many days.
	Renew int
}

// PlanBroker makes the certificate, or makes it anew where it is not as wanted. The file of one that is there keeps its owner and mode.
func PlanBroker(dir string, options BrokerOptions) (*Result, error) {
	path, err := brokerFile(dir, options.Name)
	if err != nil {
		return nil, err
	}
	template, err := options.template()
	if err != nil {
		return nil, err
	}
	ca, err := authority(dir)
	if err != nil {
		return nil, err
	}
	if template.NotAfter.After(ca.certificate.NotAfter) {
		template.NotAfter = ca.certificate.NotAfter
	}
	r := &Result{Files: []string{path}, Ends: template.NotAfter, do: func() error { return makeBroker(path, template, ca) }}
	has, err := readPair(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Mark = Made
	case err != nil:
		return nil, err
	default:
		if reason := options.renew(has, ca, template); reason != "" {
			r.Mark, r.Text = Changed, fmt.Sprintf(" (made anew: %s; restart the broker)", reason)
		} else {
			r.Mark, r.Ends, r.do = So, has.certificate.NotAfter, nil
		}
	}
	r.Text = fmt.Sprintf("certificate %q for %s, which ends on %s%s", path, strings.Join(options.Names, ", "), date(r.Ends), r.Text)
	return r, nil
}

func (o BrokerOptions) template() (*x509.Certificate, error) {
	template, err := newTemplate(o.Days)
	if err != nil {
		return nil, err
	}
	if o.Renew >= o.Days {
		return nil, fmt.Errorf("a certificate of %d days that is made anew %d days before its end would be so each time: give fewer days", o.Days, o.Renew)
	}
	template.Subject = pkix.Name{CommonName: o.Name}
	// A broker is a client of the others, too.
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
			return fmt.Errorf("a name must be a host or an address, without port, e.g. kafka-1 or 192.0.2.7 (got %q)", name)
		}
	}
	if len(o.Names) == 0 {
		return errors.New("give the names by which the broker is reached, e.g. kafka-1 or 192.0.2.7")
	}
	return nil
}

// renew is why a certificate is to be made anew; empty: it is as wanted.
func (o BrokerOptions) renew(has, ca pair, wanted *x509.Certificate) string {
	switch {
	case !has.belong():
		return "its key and certificate do not belong together"
	case has.certificate.CheckSignatureFrom(ca.certificate) != nil:
		return "another authority signed it"
	case !slices.Equal(namesOf(has.certificate), namesOf(wanted)):
		return "it was for " + strings.Join(namesOf(has.certificate), ", ")
	case time.Until(has.certificate.NotAfter) < time.Duration(o.Renew)*day && has.certificate.NotAfter.Before(ca.certificate.NotAfter):
		return "it would end on " + date(has.certificate.NotAfter)
	}
	return ""
}

// namesOf are in an order of their own: that of the flags does not matter.
func namesOf(certificate *x509.Certificate) []string {
	names := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func makeBroker(path string, template *x509.Certificate, ca pair) error {
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
