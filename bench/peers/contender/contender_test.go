package contender

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/require"
)

func TestOurConfigurationIsTheShippedOneWithItsDurability(t *testing.T) {
	t.Parallel()
	for _, durability := range []string{"always", "on_failure"} {
		place := Place{Dir: t.TempDir(), Site: "S", Brokers: []string{"a:1", "b:2"}, Port: "/dev/ttyX"}
		commands, err := ourStation(`durability = "`+durability+`"`)(Programs{ours: "telegraf"}, place)
		require.NoError(t, err)
		require.Len(t, commands, 1)
		require.Contains(t, commands[0].Env, "KAFKA_BROKERS=a:1,b:2")
		require.Contains(t, commands[0].Env, "STATION_PORT=/dev/ttyX")
		require.Contains(t, read(t, place, "telegraf.conf"), "\n  durability = \""+durability+"\"\n")
	}
}

func TestPeersConfigurations(t *testing.T) {
	t.Parallel()
	place := Place{Dir: t.TempDir(), Site: "S", Brokers: []string{"a:1", "b:2"}, Port: "/dev/ttyX"}
	commands, err := flume(Programs{flume: "/jars", python: "/packages"}, place)
	require.NoError(t, err)
	require.Equal(t, "python3", commands[0].Path)
	require.Equal(t, []string{filepath.Join(place.Dir, "reader.py"), "/dev/ttyX", filepath.Join(place.Dir, "spool"), Device}, commands[0].Args)
	require.Equal(t, "java", commands[1].Path)
	properties := read(t, place, "flume.properties")
	require.Contains(t, properties, "kafka.bootstrap.servers = a:1,b:2\n")
	require.Contains(t, properties, "kafka.topic = S_1_rasp\n")
	require.Contains(t, properties, "spoolDir = "+filepath.Join(place.Dir, "spool")+"\n")

	_, err = stockTelegraf(stockStation)(Programs{stock: "telegraf"}, place)
	require.NoError(t, err)
	var parsed struct {
		Outputs struct {
			Kafka []struct {
				Brokers []string
				Topic   string
				Acks    int `toml:"required_acks"`
			}
		}
	}
	_, err = toml.Decode(read(t, place, "telegraf.conf"), &parsed)
	require.NoError(t, err)
	require.Len(t, parsed.Outputs.Kafka, 1)
	require.Equal(t, []string{"a:1", "b:2"}, parsed.Outputs.Kafka[0].Brokers)
	require.Equal(t, "S_1_rasp", parsed.Outputs.Kafka[0].Topic)
	require.Equal(t, -1, parsed.Outputs.Kafka[0].Acks)
}

func TestAProgramThatIsMissingLeavesNoOther(t *testing.T) {
	t.Parallel()
	programs := Programs{bare: filepath.Join(t.TempDir(), "none")}
	running, err := Contender{start: bareProducer}.Start(programs, Place{Dir: t.TempDir()})
	require.ErrorContains(t, err, "not started")
	require.Empty(t, running)
}

func read(t *testing.T, place Place, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(place.Dir, name))
	require.NoError(t, err)
	require.NotContains(t, string(text), "{{", strings.TrimSpace(name))
	return string(text)
}
