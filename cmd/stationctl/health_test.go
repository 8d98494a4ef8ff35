package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // the request must not use a proxy
	status := http.StatusOK
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(agent.Close)
	address := strings.TrimPrefix(agent.URL, "http://")

	code, out, errs := call(t, "health", "--address", address)
	require.Equal(t, exitGood, code, errs)
	require.Equal(t, "the agent is healthy\n", out)

	t.Setenv("STATION_HEALTH", address)
	status = http.StatusServiceUnavailable
	code, out, errs = call(t, "health")
	require.Equal(t, exitFound, code, errs)
	require.Contains(t, out, "not healthy: "+address+" responds 503")

	agent.Close()
	code, out, errs = call(t, "health")
	require.Equal(t, exitFound, code, errs)
	require.Contains(t, out, "the agent does not respond: ")
}

// An agent that accepts the connection and then hangs is not healthy.
func TestHealthHasATimeLimit(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	code, out, errs := call(t, "health", "--timeout", "50ms", "--address", listener.Addr().String())
	require.Equal(t, exitFound, code, errs)
	require.Contains(t, out, "context deadline exceeded")
}
