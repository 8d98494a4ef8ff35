package doctor

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
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/influxdata/telegraf/plugins/common/kafka"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/test/bed/hostile"
)

func TestConnectionFaults(t *testing.T) {
	testFaults(t, map[string]fault{
		"one name does not resolve": {
			check: "DNS", state: Warning, text: "nowhere.invalid:9092: lookup nowhere.invalid", fix: setupWith("--brokers BROKERS"), called: "systemctl restart telegraf-station",
			cause: func(p *computer) { p.edit(`brokers = ["`, `brokers = ["nowhere.invalid:9092", "`) },
		},
		"no name resolves": {
			check: "DNS", text: "cannot resolve any broker name", fix: setupWith("--brokers HOST:9092"), replaced: strings.NewReplacer("HOST:9092", "BROKERS"),
			cause: func(p *computer) { p.edit(p.brokers(), "nowhere.invalid:9092") },
		},
		"no broker is up": {
			check: "TCP", text: "cannot connect to any broker", fix: "sudo systemctl start kafka", called: "sudo systemctl start kafka",
			cause:  func(p *computer) { p.edit(p.brokers(), "127.0.0.1:1") },
			repair: func(p *computer) { p.edit("127.0.0.1:1", p.brokers()) },
		},
		"one broker of two is down": {
			check: "TCP", state: Warning, text: "127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused", fix: "sudo systemctl start kafka", called: "sudo systemctl start kafka",
			cause:  func(p *computer) { p.edit(`brokers = ["`, `brokers = ["127.0.0.1:1", "`) },
			repair: func(p *computer) { p.edit("127.0.0.1:1", p.brokers()) },
		},
		"advertised names do not resolve": {
			check: "brokers", text: "the brokers advertise addresses that this computer cannot resolve: ", called: "sudoedit /etc/kafka/server.properties",
			fix: "sudoedit /etc/kafka/server.properties  # advertised.listeners: names that this computer can resolve",
			cause: func(p *computer) {
				p.kafka.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
					p.kafka.KeepControl()
					if p.fixed.Load() {
						return nil, nil, false
					}
					response := request.ResponseKind().(*kmsg.MetadataResponse)
					broker := kmsg.NewMetadataResponseBroker()
					broker.Host, broker.Port = "nowhere.invalid", 9092
					response.Brokers = append(response.Brokers, broker)
					return response, nil, true
				})
			},
			repair: func(p *computer) { p.fixed.Store(true) },
		},
		"no topic": {
			check: "topic", text: "JNU_1_rasp does not exist, and create_topics is false", fix: "stationctl site add JNU 1 rasp --brokers BROKERS --no-user --replication-factor 1",
			cause: func(p *computer) { p.edit("replication_factor = 1", "replication_factor = 1\n  create_topics = false") },
		},
		"too few brokers": {
			check: "topic", text: "cannot be created with replication_factor = 3", fix: setupWith("--replication-factor 1"), called: "systemctl restart telegraf-station",
			cause: func(p *computer) { p.edit("replication_factor = 1", "replication_factor = 3") },
		},
	})
}

func (p *computer) brokers() string { return strings.Join(p.addresses, ",") }

// TestMissingTopicIsNotCreated: the check only validates the request.
func TestMissingTopicIsNotCreated(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	require.Equal(t, Finding{"topic", OK, "JNU_1_rasp does not exist yet; the first reading creates it", ""}, p.finding("topic"))
	require.Equal(t, Finding{"ACL", Unchecked, "not checked: the topic does not exist yet", ""}, p.finding("ACL"))
	admin, err := sarama.NewClusterAdmin(p.addresses, sarama.NewConfig())
	require.NoError(t, err)
	defer admin.Close() //nolint:errcheck // it was only asked
	topics, err := admin.ListTopics()
	require.NoError(t, err)
	require.Empty(t, topics)
}

// testCA signs broker certificates.
type testCA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newTestCA(t *testing.T) *testCA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return &testCA{certificate, key}
}

func (a *testCA) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

// sign issues a broker certificate for localhost and the addresses.
func (a *testCA) sign(t *testing.T, ends time.Time, ips ...net.IP) *tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: ends, IPAddresses: ips, DNSNames: []string{"localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, a.key.Public(), a.key)
	require.NoError(t, err)
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: a.key}
}

// TestTLSFaults has brokers whose certificate can be replaced while they run.
func TestTLSFaults(t *testing.T) {
	t.Parallel()
	loopback := net.IPv4(127, 0, 0, 1)
	year, day := time.Now().Add(365*24*time.Hour), time.Now().Add(24*time.Hour)
	const install = "sudo install -m 0644 kafka-ca.pem /etc/telegraf-station/kafka-ca.pem && "
	const renew = "sudo systemctl restart kafka  # after you have installed its new certificate"
	for name, test := range map[string]struct {
		fault
		ends  time.Time
		ips   []net.IP
		plain bool // the configuration has no TLS
	}{
		"another CA": {fault{
			text: `the broker certificate was signed by another CA ("CN=test CA") than tls_ca`, fix: install + setupWith("--tls-ca /etc/telegraf-station/kafka-ca.pem"),
			cause: func(p *computer) { p.file("configured.pem", newTestCA(p.T).pem()) },
		}, year, []net.IP{loopback}, false},
		"TLS is not enabled": {fault{
			text: "requires TLS, but the configuration does not enable it", fix: install + setupWith("--tls-ca /etc/telegraf-station/kafka-ca.pem"),
		}, year, []net.IP{loopback}, true},
		"an expired certificate":          {fault{text: "the broker certificate is valid from ", fix: renew, called: "sudo systemctl restart kafka"}, time.Now().Add(-time.Hour), []net.IP{loopback}, false},
		"a certificate that expires soon": {fault{state: Warning, text: "a broker certificate expires on " + day.UTC().Format(time.DateOnly), fix: renew, called: "systemctl restart kafka"}, day, []net.IP{loopback}, false},
		"another name":                    {fault{text: "the broker certificate is for localhost", fix: setupWith("--brokers localhost:PORT")}, year, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := newTestCA(t)
			var current atomic.Pointer[tls.Certificate]
			current.Store(ca.sign(t, test.ends, test.ips...))
			p := newStation(t, kfake.TLS(&tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current.Load(), nil }}))
			p.file("kafka-ca.pem", ca.pem())
			p.file("configured.pem", ca.pem())
			if !test.plain {
				p.edit("replication_factor", `tls_ca = "`+p.path("configured.pem")+"\"\n  replication_factor")
			}
			c := test.fault
			c.check = "TLS"
			_, port, _ := strings.Cut(p.brokers(), ":")
			c.fix = strings.ReplaceAll(c.fix, "PORT", port)
			c.replaced = strings.NewReplacer(installed.KafkaCA, p.path("installed.pem"))
			if strings.Contains(c.fix, "restart kafka") {
				c.repair = func(*computer) { current.Store(ca.sign(t, year, loopback)) }
			}
			c.run(t, p)
		})
	}
}

// TestTLSIsNotSupported: the configuration enables TLS, but the port does not support it.
func TestTLSIsNotSupported(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	fault{
		check: "TLS", text: "this port does not support TLS: ", fix: setupWith("--tls-ca none"),
		cause: func(p *computer) { p.edit("replication_factor", "enable_tls = true\n  replication_factor") },
	}.run(t, p)
}

// guarded returns a station whose Kafka requires a login and permissions, created with stationctl site add.
func guarded(t *testing.T) *computer {
	t.Helper()
	p := newStation(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("SCRAM-SHA-512", "admin", "of-the-test"))
	p.file("admin-password", "of-the-test")
	p.runFix("stationctl site add JNU 1 rasp --replication-factor 1 --credentials environment " + p.admin())
	p.edit("replication_factor", "sasl_mechanism = \"SCRAM-SHA-512\"\n  sasl_username = \"${KAFKA_USERNAME:?}\"\n  sasl_password = \"${KAFKA_PASSWORD:?}\"\n  replication_factor")
	p.useVariables()
	require.Equal(t, OK, p.finding("SASL").State)
	return p
}

func (p *computer) admin() string {
	return "--brokers " + p.brokers() + " --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --sasl-password-file admin-password"
}

// useVariables sets the variables, as the command does before it loads the configuration.
func (p *computer) useVariables() {
	p.Helper()
	text, err := os.ReadFile(p.options.Environment)
	require.NoError(p, err)
	for name, value := range installed.Variables(string(text)) {
		p.Setenv(name, value)
	}
}

func TestLoginFaults(t *testing.T) { // not parallel: it sets variables of this process
	const again = "--sasl-mechanism SCRAM-SHA-512 --username JNU_1_rasp --password-file kafka-password"
	for name, c := range map[string]fault{
		"wrong password": {
			check: "SASL", text: `Kafka rejected the login of user "JNU_1_rasp" (SCRAM-SHA-512): `, fix: setupWith(again), called: "systemctl restart telegraf-station",
			cause: func(p *computer) {
				p.keepPassword()
				p.file("environment", "KAFKA_USERNAME=JNU_1_rasp\nKAFKA_PASSWORD=t0p-secret\n")
				p.useVariables()
			},
			repair: func(p *computer) { p.useVariables() },
		},
		"no login": {
			check: "SASL", text: "it probably requires a user name and a password", fix: setupWith(strings.Replace(again, "JNU_1_rasp", "USER", 1)), replaced: strings.NewReplacer("USER", "JNU_1_rasp"),
			cause:  func(p *computer) { p.keepPassword(); p.edit("sasl_", "#sasl_") },
			repair: func(p *computer) { p.useVariables() },
		},
		"no WRITE": {
			check: "ACL", text: `user "JNU_1_rasp" lacks WRITE on JNU_1_rasp`, fix: "stationctl site add JNU 1 rasp --brokers BROKERS --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --sasl-password-file admin-password --user JNU_1_rasp --replication-factor 1",
			cause: func(p *computer) { p.forbid("JNU_1_rasp", "JNU_1_rasp", sarama.AclOperationWrite) },
		},
		"no permissions": {
			check: "ACL", text: `user "JNU_1_rasp" has no permissions on JNU_1_rasp`, fix: "stationctl site add JNU 1 rasp --brokers BROKERS --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --sasl-password-file admin-password --user JNU_1_rasp --replication-factor 1",
			cause: func(p *computer) {
				p.forbid("JNU_1_rasp", "JNU_1_rasp", sarama.AclOperationWrite)
				p.forbid("JNU_1_rasp", "JNU_1_rasp", sarama.AclOperationDescribe)
			},
		},
		"a variable that is not set": {
			check: "configuration", text: `required variable STATION_SITE_OF_THE_TEST is missing a value`, fix: `sudoedit DIR/environment  # STATION_SITE_OF_THE_TEST="..."`, called: "sudoedit DIR/environment",
			cause:  func(p *computer) { p.edit(`"JNU"`, `"${STATION_SITE_OF_THE_TEST:?set it}"`) },
			repair: func(p *computer) { p.addVariable("STATION_SITE_OF_THE_TEST", "JNU") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := guarded(t)
			c.run(t, p)
			require.NotContains(t, p.finding(c.check).Text, "t0p-secret")
		})
	}
}

func (p *computer) addVariable(name, value string) {
	p.Helper()
	text, err := os.ReadFile(p.options.Environment)
	require.NoError(p, err)
	p.file("environment", installed.Set(string(text), name, value))
	p.useVariables()
}

func (p *computer) keepPassword() {
	p.Helper()
	text, err := os.ReadFile(p.options.Environment)
	require.NoError(p, err)
	p.file("kafka-password", installed.Variables(string(text))["KAFKA_PASSWORD"])
}

// forbid revokes a permission.
func (p *computer) forbid(user, topic string, operation sarama.AclOperation) {
	p.Helper()
	admin, err := sarama.NewClusterAdmin(p.addresses, login("admin", "of-the-test"))
	require.NoError(p, err)
	defer admin.Close() //nolint:errcheck // it did its work
	principal := "User:" + user
	_, err = admin.DeleteACL(sarama.AclFilter{
		ResourceType: sarama.AclResourceTopic, ResourceName: &topic, ResourcePatternTypeFilter: sarama.AclPatternLiteral, Principal: &principal,
		Operation: operation, PermissionType: sarama.AclPermissionAllow,
	}, false)
	require.NoError(p, err)
}

// login returns a configuration that uses SCRAM.
func login(user, password string) *sarama.Config {
	config := sarama.NewConfig()
	config.Net.SASL.Enable, config.Net.SASL.User, config.Net.SASL.Password, config.Net.SASL.Mechanism = true, user, password, sarama.SASLTypeSCRAMSHA512
	config.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &kafka.XDGSCRAMClient{HashGeneratorFcn: kafka.SHA512} }
	return config
}

// TestPortIsNotKafka: another server responds.
func TestPortIsNotKafka(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	p.edit(p.brokers(), hostile.WebServer(t))
	require.Equal(t, Failed, p.finding("SASL").State)
}
