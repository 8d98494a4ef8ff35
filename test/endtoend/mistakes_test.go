package endtoend

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

const referenceLine = `{"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}` + "\r\n"

// TestMistakes makes the commonest mistakes of a new user and looks for the one line of `telegraf --test` that names the fix.
// That of a console on the header's port is in console_test.go.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, mistake := range map[string]func(t *testing.T, station *telegraf.Station) (under []string, want string){
		"wrong port": func(_ *testing.T, station *telegraf.Station) ([]string, string) {
			return nil, station.Port + `: no such device; plug in the board, or list the ports with "ls /dev/serial/by-id"`
		},
		"permission":    permissionMistake,
		"busy":          busyMistake,
		"ModemManager":  modemManagerMistake,
		"two boards":    twoBoardsMistake,
		"no sensor":     noSensorMistake,
		"wrong baud":    prints(strings.Repeat("\xf8\x80\x00\xe0\x1c", 100), `of 500 bytes are not ASCII: check baud_rate, now 9600`),
		"wrong format":  prints("\ntemp=26.52 light=554\n", `it looks like line_format = "key_value": set that: "temp=26.52 light=554"`),
		"no line end":   prints("{}", `sends, but no whole line yet: check baud_rate, now 9600, and that the sketch ends each reading with println`),
		"no data":       prints("", `is open at 9600 baud, but nothing came: does the sketch print to Serial, and is it this port?`),
		"swapped board": prints(strings.Replace(referenceLine, "{", `{"device_id":"yard",`, 1), `the board says "yard", the option device_id "RaspberryJNU": are two boards swapped?`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			station := newStation(t, "JNU", []string{"127.0.0.1:1"})
			under, want := mistake(t, &station)
			output, err := station.Test(t.Context(), binary(t), t.TempDir(), under...)
			require.NoError(t, err)
			require.Regexp(t, `(?m)^.*`+quoteMeta(want)+`.*$`, output, "in one line")
		})
	}
}

func quoteMeta(text string) string {
	return strings.NewReplacer(`(`, `\(`, `)`, `\)`, `?`, `\?`, `.`, `\.`, `*`, `\*`, `[`, `\[`).Replace(text)
}

func prints(text, want string) func(*testing.T, *telegraf.Station) ([]string, string) {
	return func(t *testing.T, station *telegraf.Station) ([]string, string) {
		t.Helper()
		require.NoError(t, plug(t, station.Port).Print(text))
		return nil, want
	}
}

// permissionMistake takes the right to open the port away: from root, who may open all, by dropping that privilege.
func permissionMistake(t *testing.T, station *telegraf.Station) (under []string, want string) {
	t.Helper()
	plug(t, station.Port)
	device, err := filepath.EvalSymlinks(station.Port)
	require.NoError(t, err)
	if os.Getuid() != 0 {
		require.NoError(t, os.Chmod(device, 0o060))
		return nil, station.Port + ": permission denied: user "
	}
	const nobody, dialout = 65534, 20
	require.NoError(t, os.Chown(device, nobody, dialout))
	require.NoError(t, os.Chmod(device, 0o660))
	return []string{"setpriv", "--bounding-set=-all", "--inh-caps=-all"}, station.Port + `: permission denied: user "root" is not in group "`
}

// busyMistake forgets that the service runs.
func busyMistake(t *testing.T, station *telegraf.Station) (under []string, want string) {
	t.Helper()
	board := plug(t, station.Port)
	service := startStation(t, *station)
	require.NoError(t, board.Print(referenceLine))
	waitForLog(t, service, "Reading from "+station.Port)
	return nil, fmt.Sprintf("%s: in use by telegraf (pid %d: %s", station.Port, service.PID(), binary(t))
}

// modemManagerMistake has a program of that name on the port.
func modemManagerMistake(t *testing.T, station *telegraf.Station) (under []string, want string) {
	t.Helper()
	plug(t, station.Port)
	sleep, err := exec.LookPath("sleep")
	require.NoError(t, err)
	modemManager := filepath.Join(t.TempDir(), "ModemManager")
	program, err := os.ReadFile(sleep)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(modemManager, program, 0o700)) //nolint:gosec // a program must be executable
	running, err := process.Start(process.Command{Path: "flock", Args: []string{"--no-fork", station.Port, modemManager, "600"}})
	stopAtEnd(t, running, err)
	require.Eventually(t, func() bool {
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", running.PID()))
		return err == nil && string(name) == "ModemManager\n"
	}, 10*time.Second, 10*time.Millisecond)
	return nil, fmt.Sprintf(`%s: in use by ModemManager (pid %d: %s 600); it treats the Arduino as a modem; run "sudo systemctl disable --now ModemManager"`,
		station.Port, running.PID(), modemManager)
}

func twoBoardsMistake(t *testing.T, station *telegraf.Station) (under []string, want string) {
	t.Helper()
	folder := filepath.Dir(station.Port)
	plug(t, folder+"/ttyACM0")
	plug(t, folder+"/ttyACM1")
	station.Port = folder + "/ttyACM*"
	return nil, `more than one port matches; set port to one of them: ` + folder + "/ttyACM0, " + folder + "/ttyACM1"
}

func noSensorMistake(t *testing.T, station *telegraf.Station) (under []string, want string) {
	t.Helper()
	require.NoError(t, plug(t, station.Port).Print(strings.Replace(referenceLine, "26.52", "-127.00", 1)))
	return nil, `Reading with status 1: "temp" is out of range: -127 is not in -40..125: is its sensor connected, and its wire?`
}

// TestTestBesideTheRunningService takes no byte from it: it gets every reading.
func TestTestBesideTheRunningService(t *testing.T) {
	t.Parallel()
	brokers := startEmbeddedKafka(t, kafka.EmbeddedOptions{Brokers: 3})
	station := newStation(t, "JNU", brokers)
	board := plug(t, station.Port)
	service := startStation(t, station)
	readings := arduino.Readings(5, 600)
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for _, reading := range readings {
			if board.Print(reading.Line) != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	waitForLog(t, service, "Reading from "+station.Port)
	tested := 0
	for done := false; !done; tested++ {
		select {
		case <-printed:
			done = true
		default:
		}
		quick := station
		quick.Configuration = strings.Replace(conf.Pi, "[[inputs.arduino_serial]]\n", "[[inputs.arduino_serial]]\n  first_reading_timeout = \"1s\"\n", 1)
		output, err := quick.Test(t.Context(), binary(t), t.TempDir())
		require.NoError(t, err)
		require.Contains(t, output, fmt.Sprintf("in use by telegraf (pid %d: ", service.PID()))
		require.Contains(t, output, `stop it first, "sudo systemctl stop telegraf-station" if it is the service`)
	}
	require.GreaterOrEqual(t, tested, 2)
	requireInKafka(t, station, readings)
}
