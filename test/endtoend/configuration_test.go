package endtoend

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// TestShippedConfigurations loads every shipped file with the real program, strictly. The other tests of this package run them.
func TestShippedConfigurations(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../conf/*/*.conf")
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, file := range files {
		require.NoError(t, process.Run(t.Context(), process.Command{
			Path: binary(t), Args: []string{"config", "check", "--strict-env-handling", "--config", file}, Env: []string{"INFLUX_TOKEN=x"},
		}), file)
	}
}

func TestMissingSecret(t *testing.T) {
	t.Parallel()
	var output bytes.Buffer
	err := process.Run(t.Context(), process.Command{
		Path: binary(t), Args: []string{"config", "check", "--strict-env-handling", "--config", "../../conf/central/telegraf.conf"}, Output: &output,
	})
	require.ErrorContains(t, err, "exit status 1")
	require.Contains(t, output.String(), "set INFLUX_TOKEN to a token that may write the bucket")
}

// TestMisspelledOptions tries each option several times, because Telegraf reads the options of a table in random order.
func TestMisspelledOptions(t *testing.T) {
	t.Parallel()
	for option, file := range map[string]string{
		"baud_rate": "pi", "site": "pi", "replication_factor": "pi", "partitions": "pi", "refresh_interval": "central", "data_format": "central", "max_undelivered_messages": "central",
		"topic": "central", "measurement": "central", "rename": "central",
	} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			valid, err := os.ReadFile("../../conf/" + file + "/telegraf.conf")
			require.NoError(t, err)
			misspelled := filepath.Join(t.TempDir(), "telegraf.conf")
			bad := regexp.MustCompile(`(?m)^  `+option+` = `).ReplaceAll(valid, []byte("  x"+option+" = "))
			require.NotEqual(t, valid, bad)
			require.NoError(t, os.WriteFile(misspelled, bad, 0o600))
			for range 8 {
				var output bytes.Buffer
				err = process.Run(t.Context(), process.Command{
					Path: binary(t), Args: []string{"config", "check", "--strict-env-handling", "--config", misspelled}, Env: []string{"INFLUX_TOKEN=x"}, Output: &output,
				})
				require.ErrorContains(t, err, "exit status 1")
				require.Contains(t, output.String(), `configuration specified the fields ["x`+option+`"], but they were not used`)
			}
		})
	}
}

// TestTestShowsAReading does what a user does first.
func TestTestShowsAReading(t *testing.T) {
	t.Parallel()
	station := newStation(t, "JNU", []string{"127.0.0.1:1"})
	board := plug(t, station.Port)
	require.NoError(t, board.Print(`{"lat":35.17959,"lon":126.90822,"alcohol_gas":9,"co_gas":117,"temp":26.52,"light":554,"dust":0.05}`+"\r\n"))
	output, err := station.Test(t.Context(), binary(t), t.TempDir())
	require.NoError(t, err)
	require.Contains(t, output, "> environment,device_id=RaspberryJNU,index=1,site=JNU,type=rasp "+
		"alcohol_gas=9i,co_gas=117i,dust=0.05,lat=35.17959,light=554i,lon=126.90822,status=0i,temp=26.52 ")
}

func TestTestSaysWhyThereIsNoReading(t *testing.T) {
	t.Parallel()
	station := withTimeout(newStation(t, "JNU", []string{"127.0.0.1:1"}), "3s")
	output, err := station.Test(t.Context(), binary(t), t.TempDir())
	require.NoError(t, err)
	require.Contains(t, output, "no reading within first_reading_timeout (3s): "+station.Port+": no such device; plug in the board")
}
