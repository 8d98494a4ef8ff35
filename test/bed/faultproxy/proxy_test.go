package faultproxy

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// frame returns a request of size bytes with an API key.
func frame(key uint16, correlation uint32, size int) []byte {
	data := make([]byte, max(size, 12))
	binary.BigEndian.PutUint32(data, uint32(len(data)-4))
	binary.BigEndian.PutUint16(data[4:], key)
	binary.BigEndian.PutUint32(data[8:], correlation)
	return data
}

// startBroker starts a server that answers each frame with its correlation id.
func startBroker(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go echo(conn)
		}
	}()
	return listener.Addr().String()
}

func echo(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // in a test
	var size [4]byte
	for {
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		response := make([]byte, 8)
		binary.BigEndian.PutUint32(response, 4)
		copy(response[4:], body[4:8])
		if _, err := conn.Write(response); err != nil {
			return
		}
	}
}

func startProxy(t *testing.T) *Proxy {
	t.Helper()
	p, err := Start(startBroker(t))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Close())
		require.NoError(t, p.Close())
	})
	return p
}

func dial(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func exchange(conn net.Conn, request []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	response := make([]byte, 8)
	_, err := io.ReadFull(conn, response)
	return err
}

func TestForwardsAndResets(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	conn := dial(t, p)
	require.NoError(t, exchange(conn, frame(3, 1, 100)))
	p.Cut()
	requireReset(t, exchange(conn, frame(3, 2, 100)))
	require.NoError(t, exchange(dial(t, p), frame(3, 3, 100)))
	p.Down(true)
	requireReset(t, dialAndExchange(p, frame(3, 4, 100)))
	p.Down(false)
	require.NoError(t, exchange(dial(t, p), frame(3, 5, 100)))
}

// dialAndExchange does both because the reset of a proxy that is down can arrive before connect returns, or after it.
func dialAndExchange(p *Proxy, request []byte) error {
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the exchange counts
	return exchange(conn, request)
}

// requireReset checks for the errors of a reset connection: reads return the one, writes the other.
func requireReset(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, syscall.EPIPE) {
		require.ErrorIs(t, err, syscall.ECONNRESET)
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	conn := dial(t, p)
	p.Hold(true)
	done := make(chan error, 1)
	go func() { done <- exchange(conn, frame(3, 1, 100)) }()
	time.Sleep(100 * time.Millisecond)
	require.Empty(t, done, "held bytes were forwarded")
	p.Hold(false)
	require.NoError(t, <-done)
}

func TestSlow(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	conn := dial(t, p)
	p.Slow(10_000, 50*time.Millisecond)
	start := time.Now()
	require.NoError(t, exchange(conn, frame(3, 1, 2000)))
	require.Greater(t, time.Since(start), 250*time.Millisecond)
	p.Slow(0, 0)
	require.NoError(t, exchange(conn, frame(3, 2, 2_000_000)))
}

func TestLoseAcks(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	p.LoseAcks(1)
	conn := dial(t, p)
	require.NoError(t, exchange(conn, frame(3, 1, 100)), "not a produce request")
	requireReset(t, exchange(conn, frame(produce, 2, 100)))
	require.Equal(t, 1, p.LostAcks())
	require.NoError(t, exchange(dial(t, p), frame(produce, 3, 100)))
}
