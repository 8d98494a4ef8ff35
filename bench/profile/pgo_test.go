package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheProfileTellsNoPath(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err := writer.Write([]byte("a/home/me/build/telegrafb"))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	profile, err := withoutPath(packed.Bytes(), "/home/me/build/telegraf")
	require.NoError(t, err)
	require.Equal(t, "a"+strings.Repeat("x", 23)+"b", unpack(t, profile))
}

func TestTheShippedProfile(t *testing.T) {
	t.Parallel()
	profile, err := os.ReadFile(filepath.Join("..", "..", "cmd", "telegraf", "telegraf.pgo"))
	require.NoError(t, err)
	text := unpack(t, profile)
	for _, want := range []string{"plugins/inputs/arduino_serial.", "plugins/outputs/kafka_site.", "plugins/inputs/kafka_sites.", "plugins/parsers/station."} {
		require.Contains(t, text, want, "both sides are in it")
	}
	require.NotContains(t, text, "/build/telegraf")
}

func unpack(t *testing.T, profile []byte) string {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(profile))
	require.NoError(t, err)
	plain, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(plain)
}
