//go:build real

package deb

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/avr"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	telegrafs "github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// TestAddASite follows docs/add-a-site.md, from the first command to the first point in InfluxDB, with a Kafka cluster that requires TLS and
// passwords, a running central Telegraf, and our sketch on a simulated Arduino.
func TestAddASite(t *testing.T) {
	r := newRoot(t, "amd64")
	r.install(packageFor(t, "amd64"), "")
	f := newFleet(r)
	plugSketch(r, "dev/serial/by-id/usb-Arduino_Uno")
	onCentral, onPi := f.commands()

	start := time.Now()
	r.in("root/central", onCentral)
	r.run("cp -r /root/central /root/pi")
	try, service, found := strings.Cut(onPi, "sudo systemctl ")
	require.True(t, found)
	require.Equal(t, "enable --now telegraf-station\n", service)
	require.Contains(t, r.in("root/pi", try), "> environment,device_id=JNU-1-rasp,index=1,site=JNU,type=rasp ")
	r.serve()
	f.requirePoints("JNU_rasp")
	t.Logf("from the command to the first point in InfluxDB: %s", time.Since(start).Round(time.Second))
	require.Less(t, time.Since(start), time.Minute)

	require.Contains(t, r.in("root/central", onCentral), "nothing to change")
	f.killAndRunAgain(onCentral)
}

// killAndRunAgain kills the command after different delays: the next run creates what is missing.
func (f *fleet) killAndRunAgain(onCentral string) {
	r := f.admins
	for i := range 6 {
		name := fmt.Sprintf("killed %d rasp", i)
		again := strings.NewReplacer("JNU 1 rasp", name, "JNU_1_rasp", strings.ReplaceAll(name, " ", "_")).Replace(onCentral)
		killed := strings.Replace(again, "stationctl", fmt.Sprintf("timeout --signal=KILL 0.%02d stationctl", 4+4*i), 1)
		_, err := r.try("cd /root/central; " + killed)
		r.Logf("killed after 0.%02d s: %v", 4+4*i, err)
		r.in("root/central", again)
		require.Contains(r, r.in("root/central", again), "nothing to change", name)
	}
}

// fleet is a running central Telegraf and the system of its administrator, with the files that the page lists in root/central.
type fleet struct {
	kafka  *kafka.Real
	store  *influxdb.Server
	admins *root
}

func newFleet(r *root) *fleet {
	r.Helper()
	f := &fleet{admins: r}
	admin := kafka.Login{User: "admin", Password: "of-the-test"}
	var err error
	f.kafka, err = kafka.StartReal(r.Context(), kafka.Options{Dir: r.TempDir(), Log: os.Stderr, Admin: admin, TLS: true})
	require.NoError(r, err)
	r.Cleanup(func() { require.NoError(r, f.kafka.Close()) })
	f.store, err = influxdb.StartV2(r.Context(), influxdb.Options{Dir: r.TempDir(), Log: os.Stderr})
	require.NoError(r, err)
	r.Cleanup(func() { require.NoError(r, f.store.Close()) })

	ca, err := os.ReadFile(f.kafka.CA())
	require.NoError(r, err)
	require.NoError(r, os.Mkdir(r.path("root/central"), 0o700))
	r.write("root/central/admin.password", admin.Password)
	r.write("root/central/influx.token", f.store.Token())
	r.write("root/central/kafka-ca.pem", string(ca))
	f.startCentral()
	return f
}

// startCentral runs the shipped configuration as a user that can read all sites and nothing else.
func (f *fleet) startCentral() {
	r := f.admins
	r.Helper()
	r.in("root/central", "stationctl central add --credentials central.env --brokers "+strings.Join(f.kafka.Addresses(), ",")+
		" --tls-ca kafka-ca.pem --sasl-mechanism SCRAM-SHA-512 --sasl-username admin --sasl-password-file admin.password")
	binary, err := telegrafs.Build(r.Context(), os.Stderr)
	require.NoError(r, err)
	central := telegrafs.Central{
		Brokers: f.kafka.Addresses(), URL: f.store.URL(), Token: f.store.Token(), Org: f.store.Organization(), Bucket: f.store.Bucket(),
		Environment: []string{"KAFKA_SASL_MECHANISM=SCRAM-SHA-512", "KAFKA_TLS_CA=" + f.kafka.CA()},
	}
	for name, value := range installed.Variables(r.read("root/central/central.env")) {
		central.Environment = append(central.Environment, name+"="+value)
	}
	running, err := central.Start(binary, r.TempDir())
	require.NoError(r, err)
	r.stopLater(running)
}

// commands returns the commands of the page, with the addresses of this test.
func (f *fleet) commands() (onCentral, onPi string) {
	t := f.admins
	t.Helper()
	page, err := os.ReadFile("../../docs/add-a-site.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	onCentral = strings.NewReplacer(
		"kafka-1:9092,kafka-2:9092,kafka-3:9092", strings.Join(f.kafka.Addresses(), ","), "http://influxdb:8086", f.store.URL(),
	).Replace(blocks[0][1])
	require.Contains(t, onCentral, f.store.URL())
	return onCentral, blocks[1][1]
}

func (f *fleet) requirePoints(measurement string) {
	t := f.admins
	t.Helper()
	require.Eventually(t, func() bool {
		rows, err := f.store.Query(t.Context(), "SELECT * FROM "+measurement)
		return err == nil && len(rows) > 0
	}, 2*time.Minute, 100*time.Millisecond)
}

// in runs a script in a directory of the root.
func (r *root) in(dir, script string) string {
	r.Helper()
	return r.run("cd /" + dir + "\n" + script)
}

// serve runs the command of the unit, as its user, until the test ends. systemd itself cannot run here.
func (r *root) serve() {
	r.Helper()
	running, err := process.Start(process.Command{
		Path: "unshare", Args: []string{
			"--mount", "sh", "-ec", enter, "sh", r.dir,
			"exec setpriv --reuid telegraf --regid telegraf --init-groups telegraf --strict-env-handling",
		},
		Env: []string{"HOME=/", "LC_ALL=C", "TELEGRAF_CONFIG_PATH="}, LogFile: filepath.Join(r.TempDir(), "telegraf.log"),
	})
	require.NoError(r, err)
	r.stopLater(running)
}

// stopLater stops a program at the end of the test, and logs its output if the test failed.
func (r *root) stopLater(running *process.Process) {
	r.Cleanup(func() {
		require.NoError(r, running.Stop(30*time.Second))
		if r.Failed() {
			r.Log(running.Tail())
		}
	})
}

// plugSketch plugs in a simulated Uno that runs our sketch until the test ends.
func plugSketch(r *root, port string) {
	r.Helper()
	require.Empty(r, avr.Missing(), "run test/bed/install/packages.sh")
	sketch, err := avr.Compile(r.Context(), "uno", nil, os.Stderr)
	require.NoError(r, err)
	require.NoError(r, os.MkdirAll(filepath.Dir(r.path(port)), 0o755)) //nolint:gosec // for all users of the root
	board, err := arduino.Plug(r.path(port))
	require.NoError(r, err)
	device, err := filepath.EvalSymlinks(board.Path())
	require.NoError(r, err)
	require.NoError(r, os.Chmod(device, 0o666)) // a real one is of the group dialout
	running, err := avr.Start(r.Context(), avr.Options{
		Firmware: sketch, Script: new(avr.Script).Voltages(0, avr.Reference()), Dir: r.TempDir(), RealTime: true, Output: board,
	})
	require.NoError(r, err)
	r.Cleanup(func() {
		require.NoError(r, running.Kill())
		require.NoError(r, board.Unplug())
	})
}
