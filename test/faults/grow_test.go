//go:build real

package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// TestGrow adds a broker under load and moves the partitions by the commands of docs/grow.md, until the first broker has none and is
// stopped: nothing is lost.
func TestGrow(t *testing.T) {
	s := &stage{T: t, results: &Results{}}
	var err error
	s.kafka, err = kafka.StartReal(t.Context(), kafka.Options{Dir: t.TempDir(), Log: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.kafka.Close()) })
	stations, _ := s.fleet("grow", 20, nil)
	s.rounds(stations, 10)
	s.reading(stations[0], func() {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		require.NoError(t, s.kafka.AddBroker(ctx))
		s.move("1,2,3")
		require.NoError(t, s.kafka.StopBroker(0))
		s.rounds(stations[1:], 10)
	})
	s.drained(stations[0], time.Minute)
	for _, station := range stations {
		require.NotContains(t, s.replicas(station.Topic()), int32(0))
	}
	s.verify("a broker added, all partitions moved, the first broker taken away", "nothing stops for long", 0, stations...)
	t.Log("\n" + s.results.Table())
}

// move runs the page's commands for these brokers.
func (s *stage) move(brokers string) {
	s.Helper()
	address := s.kafka.Addresses()[1]
	script := strings.NewReplacer(
		"kafka-1:9092", address, "1,2,3,4", brokers, " --tls-ca kafka-ca.pem --sasl-mechanism SCRAM-SHA-512 --sasl-username admin", "",
		"  --sasl-password-file admin.password |", " |",
	).Replace(pageScript(s.T, "grow.md", "Move partitions"))
	dir := s.TempDir()
	s.tools(dir)
	run := func(script string) string { return s.shell(dir, script) }
	before, verify, found := strings.Cut(script, "kafka-reassign-partitions.sh $kafka --verify")
	require.True(s, found)
	settings, _, _ := strings.Cut(script, "\n")
	verify, elect, _ := strings.Cut("kafka-reassign-partitions.sh $kafka --verify"+verify, "\n")
	run(before)
	require.Eventually(s, func() bool {
		return !strings.Contains(run(settings+"\n"+verify), "is still in progress")
	}, 2*time.Minute, time.Second)
	require.Contains(s, run(settings+"\n"+elect), "Successfully completed leader election")
}

// pageScript is the first script of a section of a page for operators.
func pageScript(t *testing.T, page, section string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "# "+section+"\n")
	require.True(t, found)
	return regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(rest)[1]
}

// shell runs a script in a folder, and with the programs in it.
func (s *stage) shell(dir, script string) string {
	s.Helper()
	var output strings.Builder
	ctx, cancel := context.WithTimeout(s.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(s, process.Run(ctx, process.Command{
		Path: "sh", Args: []string{"-euc", script}, Dir: dir, Env: []string{"PATH=" + dir + ":" + os.Getenv("PATH")}, Output: &output,
	}), &output)
	return output.String()
}

// tools are Kafka's scripts and stationctl, in a folder, and what Kafka's need to log in to brokers that ask for nothing.
func (s *stage) tools(dir string) {
	s.Helper()
	require.NoError(s, os.WriteFile(filepath.Join(dir, "admin.properties"), nil, 0o600))
	for name, class := range map[string]string{
		"kafka-consumer-groups.sh":     "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
		"kafka-reassign-partitions.sh": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
		"kafka-leader-election.sh":     "org.apache.kafka.tools.LeaderElectionCommand",
	} {
		tool := s.kafka.Tool(class)
		text := fmt.Sprintf("#!/bin/sh\nexec %s '%s' \"$@\"\n", tool.Path, strings.Join(tool.Args, "' '"))
		require.NoError(s, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700)) //nolint:gosec // a program
	}
	require.NoError(s, process.Run(s.Context(), process.Command{
		Path: "go", Args: []string{"build", "-o", filepath.Join(dir, "stationctl"), "../../cmd/stationctl"}, Output: os.Stderr,
	}))
}

func (s *stage) replicas(topic string) []int32 {
	s.Helper()
	client := s.client()
	defer client.Close() //nolint:errcheck // it was only asked
	replicas, err := client.Replicas(topic, 0)
	require.NoError(s, err)
	return replicas
}
