package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/certs"
)

// Login is a Kafka user; without a name, anonymous.
type Login struct{ User, Password string }

// required reports whether clients have to log in.
func (l Login) required() bool { return l.User != "" }

// authorizer returns the properties for ACLs. Controllers need a user name with all permissions: until one leads, no ACL is known and all other users
// are denied.
func (b *broker) authorizer() string {
	if !b.authorize {
		return ""
	}
	return b.everyone() + `
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
  username="broker" password="of-the-test" user_broker="of-the-test";
`
}

// everyone returns the listener properties for logins and for users without ACLs. The brokers log in to each other as the administrator.
func (b *broker) everyone() string {
	if !b.admin.required() {
		return `
allow.everyone.if.no.acl.found=true
super.users=User:broker`
	}
	return fmt.Sprintf(`
super.users=User:broker;User:%[1]s
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
  username="%[1]s" password="%[2]s";
connections.max.reauth.ms=%[3]d`, b.admin.User, b.admin.Password, b.maxReauth.Milliseconds())
}

// tls returns the properties for certificates like those of `stationctl certs`.
func (b *broker) tls() string {
	if b.certificate == "" {
		return ""
	}
	return fmt.Sprintf(`
ssl.keystore.type=PEM
ssl.keystore.location=%s
ssl.truststore.type=PEM
ssl.truststore.location=%s
`, b.certificate, b.ca)
}

// makeAuthority creates the CA of the broker certificates if the brokers use TLS.
func (r *Real) makeAuthority() error {
	r.ca = r.options.CA
	if !r.options.TLS {
		return nil
	}
	authority, err := certs.PlanCA(r.certificates(), "test", 2)
	if err != nil {
		return err
	}
	r.ca = authority.Files[1]
	return authority.Apply()
}

func (r *Real) certificates() string { return filepath.Join(r.options.Dir, "certs") }

func (r *Real) certify(b *broker) error {
	b.ca = r.ca
	if !r.options.TLS {
		return nil
	}
	made, err := certs.PlanBroker(r.certificates(), certs.BrokerOptions{Name: "broker-" + strconv.Itoa(b.node), Names: []string{"127.0.0.1"}, Days: 1})
	if err != nil {
		return err
	}
	b.certificate = made.Files[0]
	return made.Apply()
}

// firstUser returns the arguments that create the administrator while the storage is formatted: no other user can do it.
func (b *broker) firstUser() []string {
	if !b.admin.required() || b.plain {
		return nil
	}
	return []string{"--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", b.admin.User, b.admin.Password)}
}

func (b *broker) clientOptions() ([]kgo.Opt, error) {
	options := []kgo.Opt{kgo.SeedBrokers(b.clients.Address())}
	if b.ca != "" {
		text, err := os.ReadFile(b.ca)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(text)
		options = append(options, kgo.DialTLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
	}
	switch {
	case b.plain:
		options = append(options, kgo.SASL(plain.Auth{User: b.admin.User, Pass: b.admin.Password}.AsMechanism()))
	case b.admin.required():
		options = append(options, kgo.SASL(scram.Auth{User: b.admin.User, Pass: b.admin.Password}.AsSha512Mechanism()))
	}
	return options, nil
}
