package kafka

import (
	"io"
	"net"
	"testing"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/hostile"
)

func TestGuarded(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"\x00\x00\x00\x05hello":          "",
		"\x00\x00":                       "",
		"HTTP/1.1 400 Bad Request\r\n":   `its first response starts with "HTTP/1.1 400 Bad Req", which is a length too large or too small`,
		"\x15\x03\x03\x00\x02\x02\x50":   `its first response starts with "\x15\x03\x03\x00\x02\x02P", which is a length too large or too small`,
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

// The response of a web server takes no memory, and the error quotes it.
func TestGuardOnAWebServer(t *testing.T) {
	t.Parallel()
	config := sarama.NewConfig()
	config.Metadata.Retry.Max = 0
	Guard(config)
	_, err := sarama.NewClient([]string{hostile.WebServer(t)}, config)
	require.ErrorContains(t, err, `its first response starts with "HTTP`)
	require.Contains(t, Advice(err), "this is not a response from Kafka")
}
