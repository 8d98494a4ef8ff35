package faultproxy

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// frame is a request with an API key, or an answer, of so many bytes.
func frame(key uint16, correlation uint32, size int) []byte {
	data := make([]byte, max(size, 12))
	binary.BigEndian.PutUint32(data, uint32(len(data)-4))
	binary.BigEndian.PutUint16(data[4:], key)
	binary.BigEndian.PutUint32(data[8:], correlation)
	return data
}

// startBroker answers each frame with its correlation id.
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
	defer conn.Close() //nolint:errcheck // of a test
	var size [4]byte
	for {
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		answer := make([]byte, 8)
		binary.BigEndian.PutUint32(answer, 4)
		copy(answer[4:], body[4:8])
		if _, err := conn.Write(answer); err != nil {
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

func ask(conn net.Conn, request []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	answer := make([]byte, 8)
	_, err := io.ReadFull(conn, answer)
	return err
}

func TestItPassesOnAndCuts(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	conn := dial(t, p)
	require.NoError(t, ask(conn, frame(3, 1, 100)))
	p.Cut()
	require.Error(t, ask(conn, frame(3, 2, 100)))
	require.NoError(t, ask(dial(t, p), frame(3, 3, 100)))
	p.Down(true)
	require.Error(t, ask(dial(t, p), frame(3, 4, 100)))
	p.Down(false)
	require.NoError(t, ask(dial(t, p), frame(3, 5, 100)))
}

func TestItHolds(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	conn := dial(t, p)
	p.Hold(true)
	done := make(chan error, 1)
	go func() { done <- ask(conn, frame(3, 1, 100)) }()
	time.Sleep(100 * time.Millisecond)
	require.Empty(t, done, "held bytes were passed on")
	p.Hold(false)
	require.NoError(t, <-done)
}

func TestItIsSlow(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	conn := dial(t, p)
	p.Slow(10_000, 50*time.Millisecond)
	began := time.Now()
	require.NoError(t, ask(conn, frame(3, 1, 2000)))
	require.Greater(t, time.Since(began), 250*time.Millisecond)
	p.Slow(0, 0)
	require.NoError(t, ask(conn, frame(3, 2, 2_000_000)))
}

func TestItLosesAcknowledgements(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	p.LoseAcks(1)
	conn := dial(t, p)
	require.NoError(t, ask(conn, frame(3, 1, 100)), "no produce request")
	require.Error(t, ask(conn, frame(produce, 2, 100)))
	require.Equal(t, 1, p.LostAcks())
	require.NoError(t, ask(dial(t, p), frame(produce, 3, 100)))
}
