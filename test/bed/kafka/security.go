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

// Login is a user of Kafka; without a name, nobody.
type Login struct{ User, Password string }

// asked says that clients have to log in.
func (l Login) asked() bool { return l.User != "" }

// authorizer needs controllers that are somebody, and may do all: until one leads, nobody knows an ACL, and everybody else is refused.
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

// everyone is what clients have to be, and what those may do of whom no ACL speaks. The brokers are the administrator to each other.
func (b *broker) everyone() string {
	if !b.admin.asked() {
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

// tls are the brokers' certificates, as `stationctl certs` makes them.
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

// makeAuthority makes the one that signs the brokers' certificates, where they speak TLS.
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

// firstUser has the administrator made before there is anybody who could make him.
func (b *broker) firstUser() []string {
	if !b.admin.asked() || b.plain {
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
	case b.admin.asked():
		options = append(options, kgo.SASL(scram.Auth{User: b.admin.User, Pass: b.admin.Password}.AsSha512Mechanism()))
	}
	return options, nil
}
