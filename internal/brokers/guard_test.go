package brokers

import (
	"io"
	"net"
	"testing"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
)

func TestGuarded(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"\x00\x00\x00\x05hello":          "",
		"\x00\x00":                       "",
		"HTTP/1.1 400 Bad Request\r\n":   `its first answer begins with "HTTP/1.1 400 Bad Req", which is a length too large or too small`,
		"\x15\x03\x03\x00\x02\x02\x50":   `its first answer begins with "\x15\x03\x03\x00\x02\x02P", which is a length too large or too small`,
		"\x00\x00\x00\x03abc":            "too small",
		"\x00\x00\x00\x04abcdHTTP/1.1 4": "",
	} {
		ours, theirs := net.Pipe()
		go func() {
			for i := range len(answer) { // byte by byte
				if _, err := theirs.Write([]byte{answer[i]}); err != nil {
					break
				}
			}
			_ = theirs.Close()
		}()
		read, err := io.ReadAll(Guarded(ours))
		require.NoError(t, ours.Close())
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, answer, string(read))
			continue
		}
		require.ErrorContains(t, err, want[:min(len(want), 30)])
		require.Less(t, len(read), 4, "the length is not handed on")
	}
}

// A web server's answer takes no memory, and is told.
func TestGuardOnAWebServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	require.NoError(t, err)
	defer listener.Close() //nolint:errcheck // it only listened
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_ = conn.Close()
		}
	}()
	config := sarama.NewConfig()
	config.Metadata.Retry.Max = 0
	Guard(config)
	_, err = sarama.NewClient([]string{listener.Addr().String()}, config)
	require.ErrorContains(t, err, `its first answer begins with "HTTP`)
	require.Contains(t, Advice(err), "this is no answer of Kafka")
}
