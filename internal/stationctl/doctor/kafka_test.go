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

func TestTheWayToKafka(t *testing.T) {
	provoke(t, map[string]provocation{
		"one name unknown": {
			check: "DNS", state: Doubtful, says: "nowhere.invalid:9092: lookup nowhere.invalid", advice: setupWith("--brokers BROKERS"), called: "systemctl restart telegraf-station",
			breaks: func(p *patient) { p.edit(`brokers = ["`, `brokers = ["nowhere.invalid:9092", "`) },
		},
		"no name known": {
			check: "DNS", says: "no name of a broker is known here", advice: setupWith("--brokers HOST:9092"), mapped: strings.NewReplacer("HOST:9092", "BROKERS"),
			breaks: func(p *patient) { p.edit(p.brokers(), "nowhere.invalid:9092") },
		},
		"nobody there": {
			check: "TCP", says: "nobody answers: does Kafka run there", advice: "sudo systemctl start kafka", called: "sudo systemctl start kafka",
			breaks: func(p *patient) { p.edit(p.brokers(), "127.0.0.1:1") },
			then:   func(p *patient) { p.edit("127.0.0.1:1", p.brokers()) },
		},
		"one broker of two": {
			check: "TCP", state: Doubtful, says: "127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused", advice: "sudo systemctl start kafka", called: "sudo systemctl start kafka",
			breaks: func(p *patient) { p.edit(`brokers = ["`, `brokers = ["127.0.0.1:1", "`) },
			then:   func(p *patient) { p.edit("127.0.0.1:1", p.brokers()) },
		},
		"names that only the brokers know": {
			check: "brokers", says: "the brokers name addresses that are not known here: no name of a broker is known here", called: "sudoedit /etc/kafka/server.properties",
			advice: "sudoedit /etc/kafka/server.properties  # advertised.listeners: names that this computer knows",
			breaks: func(p *patient) {
				p.kafka.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
					p.kafka.KeepControl()
					if p.mended.Load() {
						return nil, nil, false
					}
					response := request.ResponseKind().(*kmsg.MetadataResponse)
					broker := kmsg.NewMetadataResponseBroker()
					broker.Host, broker.Port = "nowhere.invalid", 9092
					response.Brokers = append(response.Brokers, broker)
					return response, nil, true
				})
			},
			then: func(p *patient) { p.mended.Store(true) },
		},
		"no topic": {
			check: "topic", says: "JNU_1_rasp does not exist, and create_topics is false", advice: "stationctl site add JNU 1 rasp --brokers BROKERS --no-user --replication-factor 1",
			breaks: func(p *patient) { p.edit("replication_factor = 1", "replication_factor = 1\n  create_topics = false") },
		},
		"too few brokers": {
			check: "topic", says: "cannot be made with replication_factor = 3", advice: setupWith("--replication-factor 1"), called: "systemctl restart telegraf-station",
			breaks: func(p *patient) { p.edit("replication_factor = 1", "replication_factor = 3") },
		},
	})
}

func (p *patient) brokers() string { return strings.Join(p.addresses, ",") }

// TestATopicIsOnlyAskedFor: that it could be made does not make it.
func TestATopicIsOnlyAskedFor(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	require.Equal(t, Finding{"topic", Good, "JNU_1_rasp is not there yet; it is made with the first reading", ""}, p.look("topic"))
	require.Equal(t, Finding{"ACL", Unchecked, "not checked, since the topic is not there yet", ""}, p.look("ACL"))
	admin, err := sarama.NewClusterAdmin(p.addresses, sarama.NewConfig())
	require.NoError(t, err)
	defer admin.Close() //nolint:errcheck // it was only asked
	topics, err := admin.ListTopics()
	require.NoError(t, err)
	require.Empty(t, topics)
}

// authority signs the certificates of brokers.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
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
	return &authority{certificate, key}
}

func (a *authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

// sign makes a certificate for a broker: one for localhost, and for 127.0.0.1 unless it is only that.
func (a *authority) sign(t *testing.T, ends time.Time, ips ...net.IP) *tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: ends, IPAddresses: ips, DNSNames: []string{"localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, a.key.Public(), a.key)
	require.NoError(t, err)
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: a.key}
}

// TestTLS has brokers whose certificate can be changed while they run.
func TestTLS(t *testing.T) {
	t.Parallel()
	loopback := net.IPv4(127, 0, 0, 1)
	year, day := time.Now().Add(365*24*time.Hour), time.Now().Add(24*time.Hour)
	const install = "sudo install -m 0644 kafka-ca.pem /etc/telegraf-station/kafka-ca.pem && "
	const renew = "sudo systemctl restart kafka  # after its new certificate is in place"
	for name, test := range map[string]struct {
		provocation
		ends  time.Time
		ips   []net.IP
		plain bool // the configuration has no TLS
	}{
		"another authority": {provocation{
			says: `another authority than that of tls_ca signed the broker's certificate ("CN=test CA")`, advice: install + setupWith("--tls-ca /etc/telegraf-station/kafka-ca.pem"),
			breaks: func(p *patient) { p.file("configured.pem", newAuthority(p.T).pem()) },
		}, year, []net.IP{loopback}, false},
		"no TLS here": {provocation{
			says: "speaks TLS, and the configuration has none", advice: install + setupWith("--tls-ca /etc/telegraf-station/kafka-ca.pem"),
		}, year, []net.IP{loopback}, true},
		"an expired certificate": {provocation{says: "the broker's certificate is good from ", advice: renew, called: "sudo systemctl restart kafka"}, time.Now().Add(-time.Hour), []net.IP{loopback}, false},
		"one that soon expires":  {provocation{state: Doubtful, says: "a broker's certificate ends on " + day.UTC().Format(time.DateOnly), advice: renew, called: "systemctl restart kafka"}, day, []net.IP{loopback}, false},
		"another name":           {provocation{says: "the broker's certificate is for localhost", advice: setupWith("--brokers localhost:PORT")}, year, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := newAuthority(t)
			var current atomic.Pointer[tls.Certificate]
			current.Store(ca.sign(t, test.ends, test.ips...))
			p := newStation(t, kfake.TLS(&tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current.Load(), nil }}))
			p.file("kafka-ca.pem", ca.pem())
			p.file("configured.pem", ca.pem())
			if !test.plain {
				p.edit("replication_factor", `tls_ca = "`+p.path("configured.pem")+"\"\n  replication_factor")
			}
			c := test.provocation
			c.check = "TLS"
			_, port, _ := strings.Cut(p.brokers(), ":")
			c.advice = strings.ReplaceAll(c.advice, "PORT", port)
			c.mapped = strings.NewReplacer(caFile, p.path("installed.pem"))
			if strings.Contains(c.advice, "restart kafka") {
				c.then = func(*patient) { current.Store(ca.sign(t, year, loopback)) }
			}
			c.run(t, p)
		})
	}
}

// TestTLSWhereThereIsNone is the other way round.
func TestTLSWhereThereIsNone(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	provocation{
		check: "TLS", says: "this port does not speak TLS: give another port, or no TLS", advice: setupWith("--tls-ca none"),
		breaks: func(p *patient) { p.edit("replication_factor", "enable_tls = true\n  replication_factor") },
	}.run(t, p)
}

// guarded is a station whose Kafka asks who one is and what he may, as stationctl site add made it.
func guarded(t *testing.T) *patient {
	t.Helper()
	p := newStation(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("SCRAM-SHA-512", "admin", "of-the-test"))
	p.file("admin-password", "of-the-test")
	p.follow("stationctl site add JNU 1 rasp --replication-factor 1 --credentials environment " + p.admin())
	p.edit("replication_factor", "sasl_mechanism = \"SCRAM-SHA-512\"\n  sasl_username = \"${KAFKA_USERNAME:?}\"\n  sasl_password = \"${KAFKA_PASSWORD:?}\"\n  replication_factor")
	p.useVariables()
	require.Equal(t, Good, p.look("SASL").State)
	return p
}

func (p *patient) admin() string {
	return "--brokers " + p.brokers() + " --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --sasl-password-file admin-password"
}

// useVariables is what the command does before Telegraf's own code reads the configuration.
func (p *patient) useVariables() {
	p.Helper()
	text, err := os.ReadFile(p.options.Environment)
	require.NoError(p, err)
	for name, value := range installed.Variables(string(text)) {
		p.Setenv(name, value)
	}
}

func TestLogin(t *testing.T) { // with variables of this process, so not side by side
	const again = "--sasl-mechanism SCRAM-SHA-512 --username JNU_1_rasp --password-file kafka-password"
	for name, c := range map[string]provocation{
		"another password": {
			check: "SASL", says: `Kafka does not let user "JNU_1_rasp" in by SCRAM-SHA-512: is the password right?`, advice: setupWith(again), called: "systemctl restart telegraf-station",
			breaks: func(p *patient) {
				p.keepPassword()
				p.file("environment", "KAFKA_USERNAME=JNU_1_rasp\nKAFKA_PASSWORD=t0p-secret\n")
				p.useVariables()
			},
			then: func(p *patient) { p.useVariables() },
		},
		"no login": {
			check: "SASL", says: "Kafka closes the connection: it wants a user's name and password", advice: setupWith(strings.Replace(again, "JNU_1_rasp", "USER", 1)), mapped: strings.NewReplacer("USER", "JNU_1_rasp"),
			breaks: func(p *patient) { p.keepPassword(); p.edit("sasl_", "#sasl_") },
			then:   func(p *patient) { p.useVariables() },
		},
		"a right taken": {
			check: "ACL", says: `user "JNU_1_rasp" may not WRITE JNU_1_rasp`, advice: "stationctl site add JNU 1 rasp --brokers BROKERS --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --sasl-password-file admin-password --user JNU_1_rasp --replication-factor 1",
			breaks: func(p *patient) { p.forbid("JNU_1_rasp", "JNU_1_rasp", sarama.AclOperationWrite) },
		},
		"all rights taken": {
			check: "ACL", says: `user "JNU_1_rasp" has no right on JNU_1_rasp`, advice: "stationctl site add JNU 1 rasp --brokers BROKERS --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --sasl-password-file admin-password --user JNU_1_rasp --replication-factor 1",
			breaks: func(p *patient) {
				p.forbid("JNU_1_rasp", "JNU_1_rasp", sarama.AclOperationWrite)
				p.forbid("JNU_1_rasp", "JNU_1_rasp", sarama.AclOperationDescribe)
			},
		},
		"a variable that is not set": {
			check: "configuration", says: `required variable STATION_SITE_OF_THE_TEST is missing a value`, advice: `sudoedit DIR/environment  # STATION_SITE_OF_THE_TEST="..."`, called: "sudoedit DIR/environment",
			breaks: func(p *patient) { p.edit(`"JNU"`, `"${STATION_SITE_OF_THE_TEST:?set it}"`) },
			then:   func(p *patient) { p.addVariable("STATION_SITE_OF_THE_TEST", "JNU") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := guarded(t)
			c.run(t, p)
			require.NotContains(t, p.look(c.check).Text, "t0p-secret")
		})
	}
}

func (p *patient) addVariable(name, value string) {
	p.Helper()
	text, err := os.ReadFile(p.options.Environment)
	require.NoError(p, err)
	p.file("environment", installed.Set(string(text), name, value))
	p.useVariables()
}

func (p *patient) keepPassword() {
	p.Helper()
	text, err := os.ReadFile(p.options.Environment)
	require.NoError(p, err)
	p.file("kafka-password", installed.Variables(string(text))["KAFKA_PASSWORD"])
}

// forbid takes a right away behind the station's back.
func (p *patient) forbid(user, topic string, operation sarama.AclOperation) {
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

// login is by SCRAM.
func login(user, password string) *sarama.Config {
	config := sarama.NewConfig()
	config.Net.SASL.Enable, config.Net.SASL.User, config.Net.SASL.Password, config.Net.SASL.Mechanism = true, user, password, sarama.SASLTypeSCRAMSHA512
	config.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &kafka.XDGSCRAMClient{HashGeneratorFcn: kafka.SHA512} }
	return config
}

// TestGarbage is what a port that is no Kafka gives.
func TestGarbage(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	p.edit(p.brokers(), hostile.WebServer(t))
	require.Equal(t, Bad, p.look("SASL").State)
}
