package process

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func reserve(t *testing.T) *Port {
	t.Helper()
	port, err := ReservePort()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Release()) })
	return port
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := Listen("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func TestReservedPortCanBeListenedOnAgainAndAgain(t *testing.T) {
	t.Parallel()
	port := reserve(t)
	for range 3 {
		listener := listen(t, port.Address())
		require.Equal(t, port.Number(), listener.Addr().(*net.TCPAddr).Port)
		dialAndClose(t, port, listener)
		require.NoError(t, listener.Close())
	}
}

// dialAndClose leaves a connection in TIME_WAIT on the server's side, as a stopped broker does.
func dialAndClose(t *testing.T, port *Port, listener net.Listener) {
	t.Helper()
	var dialer net.Dialer
	client, err := dialer.DialContext(t.Context(), "tcp", port.Address())
	require.NoError(t, err)
	server, err := listener.Accept()
	require.NoError(t, err)
	require.NoError(t, server.Close())
	require.NoError(t, client.Close())
}

func TestReservedPortRefusesConnections(t *testing.T) {
	t.Parallel()
	port := reserve(t)
	var dialer net.Dialer
	_, err := dialer.DialContext(t.Context(), "tcp", port.Address())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestReservedPortIsGivenToNobodyElse(t *testing.T) {
	t.Parallel()
	const count = 500
	given := map[int]string{}
	ports, err := ReservePorts(count)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ReleasePorts(ports...)) })
	for _, port := range ports {
		require.NotContains(t, given, port.Number(), "reserved twice")
		given[port.Number()] = "reserved"
	}
	for range count {
		number := listen(t, "127.0.0.1:0").Addr().(*net.TCPAddr).Port
		require.NotContains(t, given, number, "given to a listener on port 0")
	}
}

func TestReleaseTwice(t *testing.T) {
	t.Parallel()
	port := reserve(t)
	require.NoError(t, port.Release())
	require.NoError(t, port.Release())
}

func TestListenGivesUpOnAPortInUse(t *testing.T) {
	t.Parallel()
	held := listen(t, "127.0.0.1:0")
	_, err := Listen("tcp", held.Addr().String())
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}
