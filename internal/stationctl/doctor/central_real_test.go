//go:build real

package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	kafkas "github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// realInflux is a real InfluxDB 2, with a stand-in for its command-line client that does the same over HTTP.
type realInflux struct {
	*testing.T
	*influxdb.Server
}

func (i *realInflux) call(method, path string, body any) map[string]any {
	i.Helper()
	text, err := json.Marshal(body)
	require.NoError(i, err)
	request, err := http.NewRequestWithContext(i.Context(), method, i.URL()+path, bytes.NewReader(text))
	require.NoError(i, err)
	request.Header.Set("Authorization", "Token "+i.Token())
	response, err := http.DefaultClient.Do(request)
	require.NoError(i, err)
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err = io.ReadAll(response.Body)
	require.NoError(i, err)
	require.Equal(i, 2, response.StatusCode/100, string(text))
	answer := make(map[string]any)
	_ = json.Unmarshal(text, &answer)
	return answer
}

func (i *realInflux) org() string {
	found := i.call(http.MethodGet, "/api/v2/orgs?org="+i.Organization(), nil)
	return found["orgs"].([]any)[0].(map[string]any)["id"].(string)
}

// grant creates a token with one permission on all buckets.
func (i *realInflux) grant(action string) string {
	org := i.org()
	made := i.call(http.MethodPost, "/api/v2/authorizations", map[string]any{
		"orgID": org, "permissions": []any{map[string]any{"action": action, "resource": map[string]any{"type": "buckets", "orgID": org}}},
	})
	return made["token"].(string)
}

func TestRealInfluxDB(t *testing.T) {
	server, err := influxdb.StartV2(t.Context(), influxdb.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	i := &realInflux{t, server}
	p, mock := newCentral(t)
	t.Setenv("INFLUX_TOKEN", i.Token()) // the administrator's, for the commands
	p.edit(mock.URL, i.URL())
	set := func(token string) { p.edit("token = \""+p.token()+"\"", "token = \""+token+"\"") }
	newToken := "influx auth create --host " + i.URL() + " --org station --write-buckets --read-buckets --description telegraf-station && sudoedit DIR/environment  # INFLUX_TOKEN=\"...\""
	p.standIn("influx", "")
	fault{
		check: "token", text: "InfluxDB rejected the token", fix: newToken, called: "influx auth create --host " + i.URL(),
		repair: func(*computer) { set(i.grant("write")) },
	}.run(t, p)
	fault{
		check: "token", text: `the token cannot write to bucket "station"`, fix: newToken, called: "influx auth create --host " + i.URL(),
		cause: func(*computer) { set(i.grant("read")) }, repair: func(*computer) { set(i.Token()) },
	}.run(t, p)
	fault{
		check: "DBRP", state: Warning, text: `database "station" uses a virtual mapping of InfluxDB`,
		fix:      "INFLUX_URL=" + i.URL() + " INFLUX_ORG=station INFLUX_BUCKET=station INFLUX_DATABASE=station sh " + mappingScript,
		replaced: strings.NewReplacer(mappingScript, absolute(t, "../../../conf/central/influxdb-v1-query.sh")),
	}.run(t, p)
	fault{
		check: "bucket", text: `bucket "other" does not exist`, fix: "influx bucket create --host " + i.URL() + " --org station --name other", called: "influx bucket create --host " + i.URL() + " --org station --name other",
		cause: func(*computer) { p.edit(`"${INFLUX_BUCKET:-station}"`, `"other"`) },
		repair: func(*computer) {
			i.call(http.MethodPost, "/api/v2/buckets", map[string]any{"orgID": i.org(), "name": "other"})
		},
	}.run(t, p)
}

func (p *computer) token() string {
	p.Helper()
	text, err := os.ReadFile(p.options.Configuration)
	require.NoError(p, err)
	_, rest, _ := strings.Cut(string(text), "\n  token = \"")
	token, _, _ := strings.Cut(rest, "\"")
	return token
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return path
}

// TestRealKafka checks the permissions that the authorizer of real brokers reports.
func TestRealKafka(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cluster, err := kafkas.StartReal(ctx, kafkas.Options{Brokers: 1, Dir: t.TempDir(), Log: os.Stderr, Admin: kafkas.Login{User: "admin", Password: "of-the-test"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })

	p := newStation(t)
	embedded := p.brokers()
	p.addresses = cluster.Addresses()
	p.edit(embedded, p.brokers())
	p.file("admin-password", "of-the-test")
	p.runFix("stationctl site add JNU 1 rasp --replication-factor 1 --credentials environment " + p.admin())
	p.edit("replication_factor", "sasl_mechanism = \"SCRAM-SHA-512\"\n  sasl_username = \"${KAFKA_USERNAME:?}\"\n  sasl_password = \"${KAFKA_PASSWORD:?}\"\n  replication_factor")
	p.useVariables()

	site := "stationctl site add JNU 1 rasp --brokers BROKERS --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --sasl-password-file admin-password --user JNU_1_rasp --replication-factor 1"
	for name, c := range map[string]fault{
		"no WRITE": {check: "ACL", text: `user "JNU_1_rasp" lacks WRITE on JNU_1_rasp`, fix: site, cause: func(p *computer) { p.forbid("JNU_1_rasp", "JNU_1_rasp", sarama.AclOperationWrite) }},
		"no permissions": {check: "ACL", text: `user "JNU_1_rasp" has no permissions on JNU_1_rasp`, fix: site, cause: func(p *computer) {
			p.forbid("JNU_1_rasp", "JNU_1_rasp", sarama.AclOperationWrite)
			p.forbid("JNU_1_rasp", "JNU_1_rasp", sarama.AclOperationDescribe)
		}},
		"unsupported mechanism": {
			check: "SASL", text: "Kafka does not support logins with PLAIN", fix: setupWith("--sasl-mechanism SCRAM-SHA-512 --username JNU_1_rasp --password-file kafka-password"),
			cause: func(p *computer) { p.keepPassword(); p.edit(`"SCRAM-SHA-512"`, `"PLAIN"`) },
		},
		"wrong password": {
			check: "SASL", text: `Kafka rejected the login of user "JNU_1_rasp" (SCRAM-SHA-512)`, fix: setupWith("--sasl-mechanism SCRAM-SHA-512 --username JNU_1_rasp --password-file kafka-password"),
			cause:  func(p *computer) { p.keepPassword(); p.addVariable("KAFKA_PASSWORD", "t0p-secret") },
			repair: func(p *computer) { p.useVariables() },
		},
		"no record": {check: "delivery", text: "JNU_1_rasp has no records", fix: installed.Restart, repair: func(p *computer) { p.deliverTo(t) }},
	} {
		ok := t.Run(name, func(t *testing.T) { c.run(t, p) })
		require.True(t, ok, name)
	}
	t.Run("the central Telegraf", func(t *testing.T) { testRealCentral(t, p) })
}

// deliverTo writes a record as the station user; the broker sets its time.
func (p *computer) deliverTo(t *testing.T) {
	t.Helper()
	p.send(login(os.Getenv("KAFKA_USERNAME"), os.Getenv("KAFKA_PASSWORD")), &sarama.ProducerMessage{Topic: "JNU_1_rasp", Value: sarama.StringEncoder("{}")})
}

// testRealCentral revokes a permission of the user of the central Telegraf.
func testRealCentral(t *testing.T, p *computer) {
	t.Helper()
	central := newComputer(t)
	central.addresses = p.addresses
	central.text = strings.NewReplacer(
		"${KAFKA_BROKERS:-kafka-1:9092,kafka-2:9092,kafka-3:9092}", p.brokers(), "${INFLUX_TOKEN:?set INFLUX_TOKEN to a token that may write the bucket}", "x",
		"${KAFKA_SASL_MECHANISM:-}", "SCRAM-SHA-512", "${KAFKA_USERNAME:-}", "${KAFKA_USERNAME}", "${KAFKA_PASSWORD:-}", "${KAFKA_PASSWORD}",
	).Replace(conf.Central)
	central.write()
	central.file("admin-password", "of-the-test")
	central.runFix("stationctl central add --credentials environment " + p.admin())
	central.useVariables()
	fault{
		check: "ACL", text: `user "central" lacks READ on 1 topic: JNU_1_rasp`, fix: "stationctl central add " + p.admin() + " --user central --group telegraf-station",
		cause: func(p *computer) { p.forbid("central", "*", sarama.AclOperationRead) },
	}.run(t, central)
	require.Equal(t, OK, central.finding("lag").State)
	require.Equal(t, Failed, central.finding("group").State)
}
