//go:build real

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// fleetSize is how many sites the test makes: 1000, or $FLEET_SITES.
func fleetSize() int {
	if n, err := strconv.Atoi(os.Getenv("FLEET_SITES")); err == nil {
		return n
	}
	return 1000
}

// warned is the exit code if there are more partitions than Kafka's developers advise.
func warned() int {
	if fleetSize() > 4000 {
		return exitFound
	}
	return exitGood
}

// hang is when a command counts as hung, not a measure of its speed: 3 minutes for 1,000 sites.
func hang() time.Duration { return time.Duration(fleetSize()) * 180 * time.Millisecond }

// fleet is the command line of an administrator with many sites to make on real brokers.
type fleet struct {
	program, dir, passwords string
	flags                   []string
}

func TestRealFleetIsPlannedKilledAndMadeWhole(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.ends(t, "dry run", warned(), f.plan("--dry-run")...)
	require.Empty(t, f.files(t), "a plan changes nothing")
	f.killed(t)
	f.nothingUnsafe(t)
	f.ends(t, "apply, after the kill", warned(), f.plan("--apply")...)
	var out string
	for range 10 { // Kafka acknowledges ACLs and users before all brokers have them
		if out = f.ends(t, "run again", warned(), f.plan("--apply")...); strings.HasSuffix(out, "\nnothing to change\n") {
			break
		}
		time.Sleep(time.Second)
	}
	require.True(t, strings.HasSuffix(out, "\nnothing to change\n"), out)
	f.listed(t)
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	brokers, err := kafka.StartReal(t.Context(), kafka.Options{Brokers: 3, Dir: t.TempDir(), Admin: kafka.Login{User: "admin", Password: "of-the-test"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, brokers.Close()) })
	dir := t.TempDir()
	f := &fleet{program: filepath.Join(dir, "stationctl"), dir: dir, passwords: filepath.Join(dir, "passwords")}
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", f.program, ".").CombinedOutput() //nolint:gosec // a folder of the test's
	require.NoError(t, err, string(output))
	require.NoError(t, os.Mkdir(f.passwords, 0o700))
	require.NoError(t, os.WriteFile(f.file("admin"), []byte("of-the-test"), 0o600))
	var rows strings.Builder
	rows.WriteString("site,index,type,retention\n")
	for i := range fleetSize() {
		fmt.Fprintf(&rows, "place-%d,1,rasp,30d\n", i)
	}
	require.NoError(t, os.WriteFile(f.file("sites.csv"), []byte(rows.String()), 0o600))
	f.flags = []string{
		"--brokers", strings.Join(brokers.Addresses(), ","), "--sasl-mechanism", "SCRAM-SHA-512", "--sasl-username", "admin",
		"--sasl-password-file", f.file("admin"),
	}
	return f
}

func (f *fleet) file(name string) string { return filepath.Join(f.dir, name) }

func (f *fleet) files(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(f.passwords, "*.env"))
	require.NoError(t, err)
	return files
}

func (f *fleet) plan(more ...string) []string {
	return append([]string{"plan", f.file("sites.csv"), "--credentials-dir", f.passwords}, more...)
}

func (f *fleet) start(t *testing.T, args ...string) (p *process.Process, log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "output")
	p, err := process.Start(process.Command{Path: f.program, Args: append(append([]string{"site"}, args...), f.flags...), LogFile: log})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Kill()) })
	return p, log
}

// ends runs the command to its end, with this exit code.
func (f *fleet) ends(t *testing.T, what string, code int, args ...string) string {
	t.Helper()
	got, out := f.run(t, what, args...)
	require.Equal(t, code, got, out[max(0, len(out)-3000):])
	return out
}

// run logs how long it took and how much memory.
func (f *fleet) run(t *testing.T, what string, args ...string) (code int, out string) {
	t.Helper()
	begin, peak := time.Now(), int64(0)
	p, log := f.start(t, args...)
	require.Eventually(t, func() bool {
		if now, err := p.Usage(); err == nil {
			peak = now.PeakResident
		}
		select {
		case <-p.Done():
			return true
		default:
			return false
		}
	}, hang(), 20*time.Millisecond, what)
	t.Logf("%d sites, %s: %s, at most %d MiB", fleetSize(), what, time.Since(begin).Round(10*time.Millisecond), peak>>20)
	if exit := (*exec.ExitError)(nil); p.Err() != nil {
		require.ErrorAs(t, p.Err(), &exit)
		code = exit.ExitCode()
	}
	content, err := os.ReadFile(log)
	require.NoError(t, err)
	return code, string(content)
}

// killed ends the program when some sites are made.
func (f *fleet) killed(t *testing.T) {
	t.Helper()
	p, _ := f.start(t, f.plan("--apply")...)
	require.Eventually(t, func() bool { return len(f.files(t)) >= fleetSize()/3 }, hang(), time.Millisecond)
	require.NoError(t, p.Kill())
	t.Logf("killed when %d sites had a file", len(f.files(t)))
	require.Less(t, len(f.files(t)), fleetSize())
}

// nothingUnsafe checks that each user that can log in is confined to its topic, and that its password is in a file.
func (f *fleet) nothingUnsafe(t *testing.T) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) { // the brokers learn of the last changes from the controller, one by one
		code, out := f.run(t, "dry run, after the kill", f.plan("--dry-run", "--json")...)
		var report fleetReport
		require.NoError(c, json.Unmarshal([]byte(out), &report), out)
		users, unsafe := judgeUsers(report)
		t.Logf("%d users after the kill; unsafe: %v; exit code %d: %v", users, unsafe, code, doubts(report))
		require.Equal(c, warned(), code)
		require.Positive(c, users)
		require.Positive(c, report.Changes)
		require.Empty(c, unsafe)
	}, hang(), time.Second)
}

func doubts(report fleetReport) (all []site.Step) {
	for _, p := range report.Sites {
		all = append(all, slices.DeleteFunc(slices.Clone(p.Steps), func(s site.Step) bool { return s.Mark != site.Warning })...)
	}
	return all
}

func judgeUsers(report fleetReport) (users int, unsafe []site.Step) {
	for _, p := range report.Sites {
		if p.Steps[len(p.Steps)-1].Mark == site.Created {
			continue // no user yet
		}
		users++
		for _, s := range p.Steps {
			if s.Mark != site.Unchanged {
				unsafe = append(unsafe, s)
			}
		}
	}
	return users, unsafe
}

func (f *fleet) listed(t *testing.T) {
	t.Helper()
	var topics []site.Topic
	require.NoError(t, json.Unmarshal([]byte(f.ends(t, "list", exitGood, "list", "--json")), &topics))
	require.Len(t, topics, fleetSize())
	for _, topic := range topics {
		require.Equal(t, topic.Name, topic.User)
		require.Equal(t, 3, topic.Replication)
	}
	require.Len(t, f.files(t), fleetSize())
}
