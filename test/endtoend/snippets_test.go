package endtoend

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

var tomlBlock = regexp.MustCompile("(?ms)^```toml\n(.*?)^```$")

// inputSnippets returns the inputs that our READMEs suggest in addition to those of the shipped configuration.
func inputSnippets(t *testing.T) (snippets []string) {
	t.Helper()
	files, err := filepath.Glob("../../plugins/*/*/README.md")
	require.NoError(t, err)
	for _, file := range append(files, "../../README.md", "../../docs/recover.md") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, block := range tomlBlock.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(block[1], "[[inputs.") && !regexp.MustCompile(`\[\[(inputs\.(arduino_serial|kafka_sites|kafka_consumer|file)|outputs)`).MatchString(block[1]) {
				snippets = append(snippets, block[1])
			}
		}
	}
	return snippets
}

// TestSnippetsBesideTheStation adds to the configuration of a Pi what our READMEs suggest, and inputs that people add. Only readings go to
// the topic, and nothing is parked.
func TestSnippetsBesideTheStation(t *testing.T) {
	t.Parallel()
	snippets := inputSnippets(t)
	require.NotEmpty(t, snippets)
	added := filepath.Join(t.TempDir(), "added.conf")
	require.NoError(t, os.WriteFile(added, []byte(strings.Join(snippets, "\n")+"\n[[inputs.internal]]\n"), 0o600))
	fast := strings.Replace(conf.Pi, `interval = "10s"`, `interval = "100ms"`, 1)
	require.NotEqual(t, conf.Pi, fast)

	brokers := startEmbeddedKafka(t, kafka.EmbeddedOptions{Brokers: 3})
	station := newStation(t, "JNU", brokers)
	station.Configuration = fast
	dump := filepath.Join(t.TempDir(), "metrics")
	require.NoError(t, os.WriteFile(added+".file", []byte("[[outputs.file]]\n  files = [\""+dump+"\"]\n  flush_interval = \"100ms\"\n"), 0o600))
	station.Arguments = []string{"--config", added, "--config", added + ".file"}
	dir := t.TempDir()
	running, err := station.Start(binary(t), dir)
	stopAtEnd(t, running, err)

	readings := arduino.Readings(1, 5)
	printAll(plug(t, station.Port), readings)
	requireInKafka(t, station, readings)
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(dump)
		return err == nil && strings.Count(string(text), "internal_arduino_serial") > 3
	}, waitLimit, 100*time.Millisecond)
	requireInKafka(t, station, readings)
	parked, err := outbox.ListParked(filepath.Join(dir, "outbox"))
	require.NoError(t, err)
	require.Empty(t, parked)
	require.NotContains(t, running.Tail(), "cannot be written")
}
