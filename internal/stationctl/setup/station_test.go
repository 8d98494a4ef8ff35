package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/conf"
)

func TestStationEditsAnExistingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "telegraf.conf")
	edited := strings.Replace(conf.Pi, `interval = "10s"`, `interval = "77s"`, 1)
	require.NoError(t, os.WriteFile(path, []byte(edited), 0o600))
	answers := Values{
		Site: "JNU", Index: "2", Type: "rasp", DeviceID: "roof", Port: "/dev/arduino-uno", Brokers: "kafka-1:9092, kafka-2:9092",
		Replication: "2", Mechanism: "SCRAM-SHA-512", TLSCA: "/etc/telegraf-station/kafka-ca.pem",
	}
	station, err := NewStation(path, answers)
	require.NoError(t, err)
	require.False(t, station.IsNew())
	require.True(t, station.Changes())
	require.NoError(t, station.Write())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, want := range []string{
		`interval = "77s"`, `index = "2"`, `brokers = ["kafka-1:9092", "kafka-2:9092"]`, `tls_ca = "/etc/telegraf-station/kafka-ca.pem"`,
		`sasl_username = "${KAFKA_USERNAME:?set KAFKA_USERNAME}"`,
	} {
		require.Contains(t, string(content), want)
	}
	kept, err := os.ReadFile(path + ".bak")
	require.NoError(t, err)
	require.Equal(t, edited, string(kept))
	station, err = NewStation(path, answers)
	require.NoError(t, err)
	require.False(t, station.Changes())

	answers[Site] = "a_b"
	_, err = NewStation(path, answers)
	require.ErrorContains(t, err, `site "a_b": `)
}
