package kafka

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	list, err := Parse([]string{"a:1, b:2", "[::1]:9092"})
	require.NoError(t, err)
	require.Equal(t, []string{"a:1", "b:2", "[::1]:9092"}, list)
}

func TestParseErrors(t *testing.T) {
	for _, bad := range []string{"kafka-1", ":9092", "kafka-1:", "", "a:1,,b:2"} {
		_, err := Parse([]string{bad})
		require.ErrorContains(t, err, `option "brokers" must be a list of host:port, e.g. ["kafka-1:9092"] (got "`)
	}
	_, err := Parse(nil)
	require.ErrorContains(t, err, `option "brokers" is required`)
}
