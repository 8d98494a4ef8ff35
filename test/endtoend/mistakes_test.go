package endtoend

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// TestMistakes makes the most common mistakes of a new user. One line of `telegraf --test` must name the problem or the fix.
// console_test.go has another one: the system console on the port of the header.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, mistake := range map[string]func(t *testing.T, station *telegraf.Station) (under []string, want string){
		"wrong port": func(_ *testing.T, station *telegraf.Station) ([]string, string) {
			return nil, regexp.QuoteMeta(station.Port) + `: no such device; plug in the board, or list the ports with "ls /dev/serial/by-id"`
		},
		"permission":    permissionMistake,
		"busy":          busyMistake,
		"ModemManager":  modemManagerMistake,
		"two boards":    twoBoardsMistake,
		"no sensor":     noSensorMistake,
		"wrong baud":    prints(strings.Repeat("\xf8\x80\x00\xe0\x1c", 100), "of 500 bytes .*baud_rate"),
		"wrong format":  prints("\ntemp=26.52 light=554\n", `line_format = "key_value".*"temp=26.52 light=554"`),
		"no line end":   prints("{}", "baud_rate.*println"),
		"no data":       prints("", "is open at 9600 baud"),
		"swapped board": prints(strings.Replace(referenceLine, "{", `{"device_id":"yard",`, 1), `"yard".*device_id is "RaspberryJNU"`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			station := withTimeout(newStation(t, "JNU", []string{"127.0.0.1:1"}), "3s")
			under, want := mistake(t, &station)
			output, err := station.Test(t.Context(), binary(t), t.TempDir(), under...)
			require.NoError(t, err)
			require.Regexp(t, want, output)
		})
	}
}

// withTimeout returns the station with a first_reading_timeout that is shorter than the default.
func withTimeout(station telegraf.Station, timeout string) telegraf.Station {
	const input = "[[inputs.arduino_serial]]\n"
	station.Configuration = strings.Replace(conf.Pi, input, input+"  first_reading_timeout = \""+timeout+"\"\n", 1)
	return station
}

func prints(text, want string) func(*testing.T, *telegraf.Station) ([]string, string) {
	return func(t *testing.T, station *telegraf.Station) ([]string, string) {
		t.Helper()
		require.NoError(t, plug(t, station.Port).Print(text))
		return nil, want
	}
}

// permissionMistake removes the permission to open the port, for root by dropping its capabilities.
func permissionMistake(t *testing.T, station *telegraf.Station) (under []string, want string) {
	t.Helper()
	plug(t, station.Port)
	device, err := filepath.EvalSymlinks(station.Port)
	require.NoError(t, err)
	if os.Getuid() != 0 {
		require.NoError(t, os.Chmod(device, 0o060))
		return nil, regexp.QuoteMeta(station.Port) + ": permission denied"
	}
	const nobody, dialout = 65534, 20
	require.NoError(t, os.Chown(device, nobody, dialout))
	require.NoError(t, os.Chmod(device, 0o660))
	return []string{"setpriv", "--bounding-set=-all", "--inh-caps=-all"}, regexp.QuoteMeta(station.Port) + `: permission denied.*"root" is not in group "`
}

// busyMistake tests while the service runs.
func busyMistake(t *testing.T, station *telegraf.Station) (under []string, want string) {
	t.Helper()
	board := plug(t, station.Port)
	service := startStation(t, *station)
	require.NoError(t, board.Print(referenceLine))
	waitForLog(t, service, "Reading from "+station.Port)
	return nil, regexp.QuoteMeta(fmt.Sprintf("%s: in use by telegraf (pid %d: %s", station.Port, service.PID(), binary(t)))
}

// modemManagerMistake has a program named ModemManager use the port.
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
	}, waitLimit, 10*time.Millisecond)
	return nil, regexp.QuoteMeta(fmt.Sprintf("%s: in use by ModemManager (pid %d: %s 600)", station.Port, running.PID(), modemManager)) +
		".*sudo systemctl disable --now ModemManager"
}

func twoBoardsMistake(t *testing.T, station *telegraf.Station) (under []string, want string) {
	t.Helper()
	dir := filepath.Dir(station.Port)
	plug(t, dir+"/ttyACM0")
	plug(t, dir+"/ttyACM1")
	station.Port = dir + "/ttyACM*"
	return nil, "more than one port matches.*" + regexp.QuoteMeta(dir+"/ttyACM0, "+dir+"/ttyACM1")
}

func noSensorMistake(t *testing.T, station *telegraf.Station) (under []string, want string) {
	t.Helper()
	require.NoError(t, plug(t, station.Port).Print(strings.Replace(referenceLine, "26.52", "-127.00", 1)))
	return nil, `Reading with status 1: "temp" is out of range: -127 is not in -40..125`
}

// TestTestWhileTheServiceRuns takes no byte from the service, which gets every reading.
func TestTestWhileTheServiceRuns(t *testing.T) {
	t.Parallel()
	brokers := startEmbeddedKafka(t, kafka.EmbeddedOptions{Brokers: 3})
	station := newStation(t, "JNU", brokers)
	board := plug(t, station.Port)
	service := startStation(t, station)
	readings := arduino.Readings(5, 150)
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
		output, err := withTimeout(station, "1s").Test(t.Context(), binary(t), t.TempDir())
		require.NoError(t, err)
		require.Contains(t, output, fmt.Sprintf("in use by telegraf (pid %d: ", service.PID()))
		require.Contains(t, output, "sudo systemctl stop telegraf-station")
	}
	require.GreaterOrEqual(t, tested, 2)
	requireInKafka(t, station, readings)
}
