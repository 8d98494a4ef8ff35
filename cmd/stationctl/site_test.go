package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// guarded is an embedded Kafka that asks who one is, and the command line of its administrator.
type guarded struct {
	dir   string
	flags []string
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(process.Listen), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("SCRAM-SHA-512", "admin", "of-the-test"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	g := &guarded{dir: t.TempDir()}
	require.NoError(t, os.WriteFile(g.file("admin"), []byte("of-the-test\n"), 0o600))
	g.flags = []string{
		"--brokers", strings.Join(cluster.ListenAddrs(), ","), "--sasl-mechanism", "SCRAM-SHA-512", "--sasl-username", "admin",
		"--sasl-password-file", g.file("admin"),
	}
	return g
}

func (g *guarded) file(name string) string { return filepath.Join(g.dir, name) }

func (g *guarded) site(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return call(t, append(append([]string{"site"}, args...), g.flags...)...)
}

// add are the arguments that add the site of the tests.
func (g *guarded) add(more ...string) []string {
	return append([]string{"add", "JNU", "1", "rasp", "--replication-factor", "1", "--credentials", g.file("c.env")}, more...)
}

func (g *guarded) password(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(g.file("c.env"))
	require.NoError(t, err)
	password := installed.Variables(string(content))["KAFKA_PASSWORD"]
	require.NotEmpty(t, password)
	return password
}

func TestSiteFromAddToRemove(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	code, out, errs := g.site(t, g.add("--dry-run")...)
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "+ topic \"JNU_1_rasp\": 1 partition, replication factor 1, message.timestamp.type=LogAppendTime\n")
	require.Contains(t, out, "5 changes planned; nothing was changed\n")
	require.NoFileExists(t, g.file("c.env"))

	code, first, errs := g.site(t, g.add()...)
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, first, "+ user \"JNU_1_rasp\" (SCRAM-SHA-512) with the new password\n")
	code, second, _ := g.site(t, g.add("--json")...)
	require.Equal(t, exitGood, code)
	var report planReport
	require.NoError(t, json.Unmarshal([]byte(second), &report))
	require.Equal(t, "JNU_1_rasp", report.User)
	for _, step := range report.Steps {
		require.Equal(t, site.Unchanged, step.Mark, step.Text)
	}
	require.NotContains(t, first+second, g.password(t))

	code, out, errs = g.site(t, "list")
	require.Equal(t, exitGood, code, errs)
	require.Equal(t, "topic       partitions  replicas  records  newest  user\nJNU_1_rasp  1           1         0        never   JNU_1_rasp\n", out)
	_, out, _ = g.site(t, "show", "JNU_1_rasp")
	require.Contains(t, out, "message.timestamp.type  LogAppendTime\n")
	require.Contains(t, out, "ACL: User:JNU_1_rasp may WRITE topic \"JNU_1_rasp\"\n")

	old := g.password(t)
	code, out, errs = g.site(t, "rotate-credentials", "JNU_1_rasp", "--credentials", g.file("c.env"), "--json")
	require.Equal(t, exitGood, code, errs)
	require.NotEqual(t, old, g.password(t))
	require.NotContains(t, out, g.password(t))

	code, _, errs = g.site(t, "remove", "JNU_1_rasp")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "no answer, so nothing was changed; use --yes to run without a prompt")
	code, out, errs = g.site(t, "remove", "JNU_1_rasp", "--with-records", "--yes")
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "- user \"JNU_1_rasp\"\n")
	require.Contains(t, out, "- topic \"JNU_1_rasp\" with all its records\n")
	code, _, _ = g.site(t, "show", "JNU_1_rasp")
	require.Equal(t, exitFailed, code)
}

func TestSiteAsksBeforeItRemoves(t *testing.T) {
	t.Parallel()
	plan := &site.Plan{Steps: []site.Step{{Mark: site.Removed, Text: "user"}}}
	var asked bytes.Buffer
	require.NoError(t, confirm(t.Context(), plan, strings.NewReader("yes\n"), &asked))
	require.Equal(t, "- user\nApply these changes? [y/N] ", asked.String())
	require.EqualError(t, confirm(t.Context(), plan, strings.NewReader("\n"), &asked), `nothing was changed (the answer was "")`)
}

// On a terminal, Ctrl-C cancels the context and does not end the read.
func TestCtrlCAnswersNo(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	code, _, errs := g.site(t, g.add()...)
	require.Equal(t, exitGood, code, errs)
	ctx, interrupt := context.WithCancel(t.Context())
	never, keep := io.Pipe()
	t.Cleanup(func() { require.NoError(t, keep.Close()) })
	root := newRoot()
	root.SetIn(never)
	var out bytes.Buffer
	root.SetErr(&interrupting{Writer: &out, at: "[y/N]", interrupt: interrupt})
	code = run(ctx, root, append([]string{"site", "remove", "JNU_1_rasp"}, g.flags...))
	require.Equal(t, exitFailed, code)
	require.Contains(t, out.String(), "stationctl: interrupted; nothing was changed")
}

// interrupting interrupts the command when it has printed the prompt.
type interrupting struct {
	io.Writer
	at        string
	interrupt func()
}

func (w *interrupting) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.at)) {
		w.interrupt()
	}
	return w.Writer.Write(p)
}

func TestTheFormerNameOfCentral(t *testing.T) {
	t.Parallel()
	code, out, errs := call(t, "--help")
	require.Equal(t, exitGood, code, errs)
	require.NotContains(t, out, "centre")
	code, out, errs = call(t, "centre", "add", "--help")
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "--credentials")
}

func TestSiteWithoutUsers(t *testing.T) {
	t.Parallel()
	brokers := strings.Join(newCluster(t).Addresses(), ",")
	code, out, errs := call(t, "site", "add", "GIST", "1", "rasp", "--no-user", "--replication-factor", "1", "--brokers", brokers)
	require.Equal(t, exitGood, code, errs)
	require.Equal(t, "+ topic \"GIST_1_rasp\": 1 partition, replication factor 1, message.timestamp.type=LogAppendTime\n", out)
	code, out, _ = call(t, "site", "add", "GIST", "1", "rasp", "--no-user", "--partitions", "2", "--replication-factor", "1", "--brokers", brokers)
	require.Equal(t, exitFound, code)
	require.Contains(t, out, "! topic \"GIST_1_rasp\" has 1 partition, not 2")
	code, out, errs = call(t, "site", "remove", "GIST_1_rasp", "--brokers", brokers, "--yes", "--with-records")
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "- topic \"GIST_1_rasp\" with all its records\n")
}

func TestSiteWritesTheConfiguration(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	file := g.file("telegraf.conf")
	code, out, errs := g.site(t, g.add("--configuration", file, "--port", "/dev/arduino-uno", "--station-brokers", "kafka-1:9092")...)
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "+ configuration \""+file+"\"\n")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, line := range []string{
		`port = "/dev/arduino-uno"`, `device_id = "JNU-1-rasp"`, `site = "JNU"`, `brokers = ["kafka-1:9092"]`, `replication_factor = 1`,
		`sasl_mechanism = "SCRAM-SHA-512"`, `sasl_password = "${KAFKA_PASSWORD:?set KAFKA_PASSWORD}"`,
	} {
		require.Contains(t, string(content), "\n  "+line)
	}
	require.NotContains(t, string(content), g.password(t))
	code, out, errs = g.site(t, g.add("--configuration", file, "--port", "/dev/arduino-uno", "--station-brokers", "kafka-1:9092")...)
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "= configuration \""+file+"\"\nnothing to change\n")
}

// A server that returns a web page is not an InfluxDB, and nothing is left half done.
func TestSiteMeetsAStrangeInfluxDB(t *testing.T) {
	t.Setenv("INFLUX_TOKEN", "t0p-secret")
	g := newGuarded(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>welcome</html>"))
	}))
	t.Cleanup(server.Close)
	code, _, errs := g.site(t, g.add("--influx-url", server.URL)...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "InfluxDB at "+server.URL+": organization \"station\": ")
	require.NotContains(t, errs, "t0p-secret")
	code, out, _ := g.site(t, "list", "--json")
	require.Equal(t, exitGood, code)
	require.JSONEq(t, "[]", out)
	require.NoFileExists(t, g.file("c.env"))
}

func TestSiteWrongUse(t *testing.T) {
	t.Setenv("INFLUX_TOKEN", "")
	b := []string{"--brokers", "127.0.0.1:1"}
	for want, args := range map[string][]string{
		`a subcommand is required: add, plan, list, show, remove, or rotate-credentials`:                            {},
		`SITE INDEX TYPE is required, e.g. JNU 1 rasp (got "JNU 1")`:                                                {"add", "JNU", "1"},
		`SITE must consist of letters (a-z, A-Z), digits, "." and "-" (got "../../etc")`:                            {"add", "../../etc", "1", "rasp"},
		`TYPE must consist of letters (a-z, A-Z), digits, "." and "-" (got ";drop")`:                                {"add", "JNU", "1", ";drop"},
		`flag --brokers: option "brokers" is required`:                                                              {"add", "JNU", "1", "rasp"},
		`flag --influx-org requires --influx-url`:                                                                   append(b, "add", "JNU", "1", "rasp", "--influx-org", "x"),
		`flag --port requires --configuration`:                                                                      append(b, "add", "JNU", "1", "rasp", "--port", "x"),
		`--no-user cannot be combined with --user or --credentials`:                                                 append(b, "add", "JNU", "1", "rasp", "--no-user", "--user", "x"),
		`flag --partitions must be 1 or more (got "0")`:                                                             append(b, "add", "JNU", "1", "rasp", "--partitions", "0"),
		`flag --replication-factor must be 1 or more (got "-1")`:                                                    append(b, "add", "JNU", "1", "rasp", "--replication-factor", "-1"),
		`flag --max-message-bytes must be above zero, e.g. 1048576 (got "0")`:                                       append(b, "add", "JNU", "1", "rasp", "--max-message-bytes", "0"),
		`flag --retention must be a duration such as 30d or 12h, or forever (got "30")`:                             append(b, "add", "JNU", "1", "rasp", "--retention", "30"),
		`flag --influx-url must be a URL, e.g. http://localhost:8086 (got "localhost")`:                             append(b, "add", "JNU", "1", "rasp", "--influx-url", "localhost"),
		`--influx-url requires a token; set --influx-token-file or INFLUX_TOKEN`:                                    append(b, "add", "JNU", "1", "rasp", "--influx-url", "http://x"),
		`one TOPIC is required, e.g. JNU_1_rasp`:                                                                    append(b, "show"),
		`topic "__consumer_offsets" is not a site topic, which is named SITE_INDEX_TYPE`:                            append(b, "remove", "__consumer_offsets"),
		`--credentials FILE is required: the new password is written to it and shown nowhere else`:                  append(b, "rotate-credentials", "JNU_1_rasp"),
		`flag --timeout must be above zero, e.g. 2m (got "0s")`:                                                     append(b, "list", "--timeout", "0"),
		`cannot connect to Kafka at 127.0.0.1:1: unable to dial: dial tcp 127.0.0.1:1: connect: connection refused`: append(b, "list"),
	} {
		code, _, errs := call(t, append([]string{"site"}, args...)...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, errs, "stationctl: "+want)
	}
}

func TestCentralFromAddToRemove(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	central := func(args ...string) (code int, stdout, stderr string) {
		return call(t, append(append([]string{"central"}, args...), g.flags...)...)
	}
	code, out, errs := central("add", "--credentials", g.file("c.env"), "--dry-run")
	require.Equal(t, exitGood, code, errs)
	require.Equal(t, `+ ACL: User:central must not ALL every topic with the prefix "__"
+ ACL: User:central may READ every topic
+ ACL: User:central may DESCRIBE every topic
+ ACL: User:central may READ group "telegraf-station"
+ credentials "`+g.file("c.env")+`": user "central" and a new password
+ user "central" (SCRAM-SHA-512) with the new password
6 changes planned; nothing was changed
`, out)
	require.NoFileExists(t, g.file("c.env"))
	code, _, errs = central("rotate-credentials", "--credentials", g.file("c.env"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, `user "central" does not exist (SCRAM-SHA-512); create it with "stationctl central add --credentials FILE"`)

	code, _, errs = central("add", "--credentials", g.file("c.env"))
	require.Equal(t, exitGood, code, errs)
	first := g.password(t)
	code, out, errs = central("add", "--credentials", g.file("c.env"), "--json")
	require.Equal(t, exitGood, code, errs)
	require.NotContains(t, out, first)
	require.NotContains(t, out, `"mark": "+"`)
	code, out, errs = central("rotate-credentials", "--credentials", g.file("c.env"))
	require.Equal(t, exitGood, code, errs)
	require.NotEqual(t, first, g.password(t))
	require.NotContains(t, out, g.password(t))

	code, out, errs = central("remove", "--yes")
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "- user \"central\"\n")
	code, _, errs = central("remove", "--yes")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, `user "central" does not exist; set --user`)
	code, _, errs = central("add")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "add --credentials FILE")
}
