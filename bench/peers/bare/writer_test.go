package main

import (
	"bufio"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheWriterTakesWhatWasAdded(t *testing.T) {
	var batches []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		text, _ := io.ReadAll(body)
		batches = append(batches, r.URL.RawQuery+" "+string(text))
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	t.Setenv("INFLUX_URL", server.URL)
	t.Setenv("INFLUX_ORG", "o")
	t.Setenv("INFLUX_BUCKET", "b")
	path := filepath.Join(t.TempDir(), "points")
	file, err := os.Create(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	opened, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	lines := bufio.NewReader(opened)

	require.NoError(t, writeAdded(lines))
	require.Empty(t, batches)
	for _, added := range []string{"a\nb\n", "c\n"} {
		_, err = file.WriteString(added)
		require.NoError(t, err)
		require.NoError(t, writeAdded(lines))
	}
	_, err = file.WriteString(strings.Repeat("d\n", batch+1))
	require.NoError(t, err)
	require.NoError(t, writeAdded(lines))
	const query = "bucket=b&org=o "
	require.Equal(t, []string{query + "a\nb\n", query + "c\n", query + strings.Repeat("d\n", batch), query + "d\n"}, batches)
}
