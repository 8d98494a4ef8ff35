package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
)

// sites writes a file of sites, and returns the arguments that plan it.
func (g *guarded) sites(t *testing.T, text string, more ...string) []string {
	t.Helper()
	require.NoError(t, os.WriteFile(g.file("sites.csv"), []byte(text), 0o600))
	require.NoError(t, os.MkdirAll(g.file("passwords"), 0o700))
	return append([]string{"plan", g.file("sites.csv"), "--credentials-dir", g.file("passwords"), "--replication-factor", "1"}, more...)
}

// longest is as long as a topic's name may be.
var longest = strings.Repeat("x", 249-len("_1_rasp"))

func TestSitePlanFromFileToNothingToChange(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	args := g.sites(t, "site,index,type,retention\nJNU,1,rasp,\n"+longest+",1,rasp,30d\n", "--configurations-dir", g.dir, "--port", "/dev/arduino-uno")
	code, out, errs := g.site(t, args...)
	require.Equal(t, exitGood, code, errs)
	require.True(t, strings.HasPrefix(out, "+ topic \"JNU_1_rasp\": 1 partition, replication factor 1, message.timestamp.type=LogAppendTime\n"), out)
	require.True(t, strings.HasSuffix(out, "broker  partitions  after\n0       0           2\n12 changes planned; nothing was changed (--apply applies them)\n"), out)
	require.NoFileExists(t, filepath.Join(g.dir, "passwords", "JNU_1_rasp.env"))

	code, out, errs = g.site(t, append(args, "--apply")...)
	require.Equal(t, exitGood, code, errs)
	require.Contains(t, out, "12 of 12 changes applied\n")
	require.Contains(t, errs, "2 of 2 sites in ")
	password, err := os.ReadFile(filepath.Join(g.dir, "passwords", longest+"_1_rasp.env"))
	require.NoError(t, err)
	require.NotEmpty(t, password)
	configuration, err := os.ReadFile(g.file("JNU_1_rasp.conf"))
	require.NoError(t, err)
	require.Contains(t, string(configuration), "\n  port = \"/dev/arduino-uno\"")
	require.Contains(t, string(configuration), "\n  device_id = \"JNU-1-rasp\"")

	code, again, errs := g.site(t, append(args, "--apply")...)
	require.Equal(t, exitGood, code, errs)
	require.Empty(t, errs)
	require.Equal(t, "= 12 unchanged; --verbose shows them\nbroker  partitions  after\n0       2           2\nnothing to change\n", again)
	_, again, _ = g.site(t, append(args, "--verbose")...)
	require.Contains(t, again, "= ACL: User:JNU_1_rasp may WRITE topic \"JNU_1_rasp\"\n")

	code, out, errs = g.site(t, append(args, "--json", "--partitions", "2")...)
	require.Equal(t, exitFound, code, errs)
	var report fleetReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.True(t, report.DryRun)
	require.Zero(t, report.Changes)
	require.Equal(t, "JNU_1_rasp", report.Sites[0].User)
	require.Equal(t, site.Warning, report.Sites[0].Steps[1].Mark)
	require.NotContains(t, out, strings.TrimSpace(string(password)))
}

func TestSitePlanWithoutUsers(t *testing.T) {
	t.Parallel()
	brokers := strings.Join(newCluster(t).Addresses(), ",")
	file := filepath.Join(t.TempDir(), "sites.yaml")
	require.NoError(t, os.WriteFile(file, []byte("- {site: GIST, index: 1, type: rasp}\n- {site: GIST, index: 2, type: rasp}\n"), 0o600))
	code, out, errs := call(t, "site", "plan", file, "--no-user", "--replication-factor", "1", "--brokers", brokers, "--apply", "--json")
	require.Equal(t, exitGood, code, errs)
	var report fleetReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, 2, report.Made)
	require.False(t, report.DryRun)
}

// What cannot be applied changes nothing; what fails midway is reported with what was applied.
func TestSitePlanMeetsErrors(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	code, out, errs := g.site(t, g.sites(t, "site,index,type\nJNU,1,rasp\nJNU,2,rasp\na_b,1,rasp\n", "--apply")...)
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, errs, "sites.csv\" has 1 error:\nline 4: SITE must consist of")
	code, _, errs = g.site(t, g.sites(t, "site,index,type,replication_factor\nJNU,1,rasp,3\nJNU,2,rasp,1\n", "--apply")...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "nothing was changed: line 2: topic \"JNU_1_rasp\" with 1 partition, replication factor 3")
	_, out, _ = g.site(t, "list", "--json")
	require.JSONEq(t, "[]", out)

	args := g.sites(t, "site,index,type\nJNU,1,rasp\n", "--configurations-dir", g.file("pis"), "--apply")
	require.NoError(t, os.Mkdir(g.file("pis"), 0o700))
	require.NoError(t, os.Mkdir(g.file("passwords/JNU_1_rasp.env"), 0o700))
	code, _, errs = g.site(t, args...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "nothing was changed: line 2: credentials file: read ")
}

func TestSitePlanAsksOnATerminal(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	args := append(append([]string{"site"}, g.sites(t, "site,index,type\nJNU,1,rasp\n")...), g.flags...)
	for _, test := range []struct {
		answer, want string
		code         int
	}{{"n\n", "nothing was changed (the answer was \"n\")", exitFailed}, {"y\n", "5 of 5 changes applied", exitGood}} {
		terminal, user, err := pty.Open()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, terminal.Close()); require.NoError(t, user.Close()) })
		_, err = terminal.WriteString(test.answer)
		require.NoError(t, err)
		root := newRoot()
		var out strings.Builder
		root.SetIn(user)
		root.SetOut(&out)
		root.SetErr(&out)
		code := run(t.Context(), root, args)
		require.Contains(t, out.String(), "Apply these changes? [y/N] ")
		require.Contains(t, out.String(), test.want)
		require.Equal(t, test.code, code)
	}
}

func TestSitePlanWrongUse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sites.csv")
	require.NoError(t, os.WriteFile(file, []byte("site,index,type\nJNU,1,rasp\n"), 0o600))
	for want, args := range map[string][]string{
		`one FILE of sites is required, e.g. sites.csv or sites.yaml`:                 {},
		`--credentials-dir DIR is required for the passwords (or --no-user`:           {file},
		`flag --credentials-dir: directory "/nowhere" does not exist; create it with`: {file, "--credentials-dir", "/nowhere"},
		`flag --configurations-dir: directory "/nowhere" does not exist`:              {file, "--no-user", "--configurations-dir", "/nowhere"},
		`--no-user and --credentials-dir cannot be used together`:                     {file, "--no-user", "--credentials-dir", "/"},
		`--apply and --dry-run cannot be used together`:                               {file, "--apply", "--dry-run"},
		`flag --port requires --configurations-dir`:                                   {file, "--no-user", "--port", "x"},
		`flag --retention must be a duration such as 30d`:                             {file, "--no-user", "--retention", "1y"},
		`site file: stat /nowhere.csv: no such file or directory`:                     {"/nowhere.csv", "--no-user"},
		`file "sites.txt": the name must end with .csv, .yaml, or .yml`:               {"sites.txt", "--no-user"},
		`flag --brokers: option "brokers" is required`:                                {file, "--no-user"},
	} {
		code, _, errs := call(t, append([]string{"site", "plan"}, args...)...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, errs, "stationctl: "+want)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &progress{out: &out, total: 1000, done: 499, begin: time.Now().Add(-10 * time.Second), tail: "\n"}
	require.NoError(t, p.show())
	require.Equal(t, "499 of 1000 sites, 50/s, 10s left\n", out.String())
}
