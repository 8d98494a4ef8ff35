//go:build real

package deb

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	telegrafs "github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

const unit = "../../packaging/systemd/telegraf-station.service"

// The score of systemd-analyze is between 0 (best) and 10; --threshold is ten times that.
func TestTheServiceIsHardened(t *testing.T) {
	report := command(t, "systemd-analyze", "security", "--offline=true", "--threshold=20", unit)
	_, score, found := strings.Cut(report, "Overall exposure level")
	require.True(t, found, report)
	t.Log("exposure level" + score)
}

// refusable are system calls that the filter of the service denies without harm: the Go runtime uses prlimit64 to raise the limit of files.
var refusable = []string{"prlimit64"}

// TestTheFilterLetsTelegrafWork records with strace (-D: signals reach Telegraf itself) the system calls of a station that starts, sends
// readings, and stops. All of them must be allowed by SystemCallFilter, according to the lists of systemd. systemd itself cannot run here.
func TestTheFilterLetsTelegrafWork(t *testing.T) {
	dir := t.TempDir()
	command(t, "dpkg-deb", "-x", packageFor(t, "amd64"), dir)
	trace := filepath.Join(dir, "trace")
	traced := filepath.Join(dir, "telegraf")
	text := "#!/bin/sh\nexec strace -D -f -qq -o " + trace + " " + filepath.Join(dir, "usr/bin/telegraf") + " \"$@\"\n"
	writeProgram(t, traced, text)
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{Brokers: 3})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	board, err := arduino.Plug(filepath.Join(t.TempDir(), "arduino"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, board.Unplug()) })
	station := telegrafs.Station{Port: board.Path(), DeviceID: "pi", Site: "traced", Index: "1", Type: "rasp", Brokers: cluster.Addresses()}
	running, err := station.Start(traced, t.TempDir())
	require.NoError(t, err)
	readings := arduino.Readings(1, 10)
	printAll(t, board, readings)
	requireRecords(t, cluster, station.Topic(), readings, running)
	require.NoError(t, running.Stop(30*time.Second))

	allowed := allowedCalls(t)
	var refused []string
	for _, call := range madeCalls(t, trace) {
		if !slices.Contains(allowed, call) && !slices.Contains(refusable, call) {
			refused = append(refused, call)
		}
	}
	require.Empty(t, refused)
}

func madeCalls(t *testing.T, trace string) []string {
	t.Helper()
	text, err := os.ReadFile(trace)
	require.NoError(t, err)
	calls := make(map[string]bool)
	for _, match := range regexp.MustCompile(`(?m)^\d+ +(\w+)\(`).FindAllStringSubmatch(string(text), -1) {
		calls[match[1]] = true
	}
	require.Contains(t, calls, "fdatasync", "the outbox was used")
	var names []string
	for call := range calls {
		names = append(names, call)
	}
	return names
}

// allowedCalls returns the system calls that the SystemCallFilter lines of the unit allow. A ~ removes groups.
func allowedCalls(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(unit)
	require.NoError(t, err)
	groups := callGroups(t)
	var allowed []string
	for _, match := range regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.*)$`).FindAllStringSubmatch(string(text), -1) {
		for group := range strings.FieldsSeq(match[2]) {
			calls := expand(groups, group)
			require.NotEmpty(t, calls, group)
			if match[1] == "" {
				allowed = append(allowed, calls...)
			} else {
				allowed = slices.DeleteFunc(allowed, func(call string) bool { return slices.Contains(calls, call) })
			}
		}
	}
	return allowed
}

// callGroups returns the groups of systemd, each with its calls and other groups.
func callGroups(t *testing.T) map[string][]string {
	t.Helper()
	groups := make(map[string][]string)
	group := ""
	for line := range strings.SplitSeq(command(t, "systemd-analyze", "syscall-filter"), "\n") {
		switch name := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "@"):
			group = name
		case name != "" && !strings.HasPrefix(name, "#") && strings.HasPrefix(line, " "):
			groups[group] = append(groups[group], name)
		}
	}
	return groups
}

func expand(groups map[string][]string, name string) (calls []string) {
	if !strings.HasPrefix(name, "@") {
		return []string{name}
	}
	for _, member := range groups[name] {
		calls = append(calls, expand(groups, member)...)
	}
	return calls
}

// TestOnAReadOnlySystem starts the installed program as the service user, on a system with an overlay root (an option of Raspberry Pi OS) and a
// read-only /etc. The outbox is on the overlay, on its own disk, or on the read-only file system.
func TestOnAReadOnlySystem(t *testing.T) {
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{Brokers: 3})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	r := newRoot(t, "amd64")
	r.install(packageFor(t, "amd64"), "")
	plugTalking(r)
	for _, test := range []struct {
		outbox, message string
		durable         bool
	}{
		{"/var/lib/telegraf-station/outbox", "is on a file system of type overlay: a restart or a power cut can delete pending records", true},
		{"/mnt/disk/outbox", "", true},
		{"/etc/telegraf-station/outbox", "read-only file system; readings are in memory only until the outbox can be used", false},
	} {
		t.Run(test.outbox, func(t *testing.T) {
			site := "ro" + strings.ReplaceAll(filepath.Dir(test.outbox), "/", "-")
			output := runReadOnly(r, cluster, site, test.outbox)
			if test.message == "" {
				require.NotContains(t, output, " W! [outputs.kafka_site]")
				require.NotContains(t, output, " E! ")
			} else {
				require.Contains(t, output, test.message)
			}
			records, err := kafka.Records(t.Context(), cluster.Addresses(), site+"_1_rasp")
			require.NoError(t, err, output)
			require.NotEmpty(t, records)
		})
	}
}

// runReadOnly runs Telegraf for a few seconds, with private mounts, and returns its output.
func runReadOnly(r *root, cluster *kafka.Embedded, site, outbox string) string {
	r.Helper()
	disk, err := os.MkdirTemp(".", "disk-") // on the checkout's file system, which is a disk
	require.NoError(r, err)
	defer func() { require.NoError(r, os.RemoveAll(disk)) }()
	disk, err = filepath.Abs(disk)
	require.NoError(r, err)
	require.NoError(r, os.Chmod(disk, 0o777))
	script := `set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir="$1",upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mkdir -p /mnt/root/mnt/disk
mount --bind "$2" /mnt/root/mnt/disk
mount --bind /dev/pts /mnt/root/dev/pts
mount -t proc proc /mnt/root/proc
mount --bind /mnt/root/etc /mnt/root/etc
mount -o remount,bind,ro /mnt/root/etc
! touch /mnt/root/etc/x 2>/dev/null
status=0
chroot /mnt/root timeout --signal=TERM 8 setpriv --reuid telegraf --regid telegraf --init-groups \
	telegraf --strict-env-handling --config /etc/telegraf-station/telegraf.conf || status=$?
[ $status = 124 ]`
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	var output strings.Builder
	err = process.Run(ctx, process.Command{
		Path: "unshare", Args: []string{"--mount", "sh", "-c", script, "sh", r.dir, disk}, Output: &output,
		Env: []string{
			"STATION_PORT=/dev/arduino-uno", "STATION_SITE=" + site, "STATION_OUTBOX=" + outbox, "HOME=/",
			"KAFKA_BROKERS=" + strings.Join(cluster.Addresses(), ","),
		},
	})
	require.NoError(r, err, output.String())
	return output.String()
}

// TestWaitForClock runs the script of the unit with stubs for timedatectl and sleep.
func TestWaitForClock(t *testing.T) {
	for name, test := range map[string]struct {
		timedatectl string
		slept       int
		message     string
	}{
		"set":                    {"echo yes", 0, ""},
		"set after 3 seconds":    {`if [ "$(wc -l <slept)" -ge 3 ]; then echo yes; else echo no; fi`, 3, ""},
		"never":                  {"echo no", 5, "The clock is not synchronized yet"},
		"a system without D-Bus": {"exit 1", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{
				"timedatectl": "#!/bin/sh\n" + test.timedatectl + "\n", "sleep": "#!/bin/sh\necho >>slept\n", "slept": "",
			} {
				writeProgram(t, filepath.Join(dir, file), text)
			}
			script, err := filepath.Abs("../../packaging/systemd/wait-for-clock")
			require.NoError(t, err)
			var output strings.Builder
			require.NoError(t, process.Run(t.Context(), process.Command{
				Path: script, Args: []string{"5"}, Dir: dir, Env: []string{"PATH=" + dir + ":" + os.Getenv("PATH")}, Output: &output,
			}))
			slept, err := os.ReadFile(filepath.Join(dir, "slept"))
			require.NoError(t, err)
			require.Len(t, slept, test.slept)
			require.Contains(t, output.String(), test.message)
		})
	}
}
