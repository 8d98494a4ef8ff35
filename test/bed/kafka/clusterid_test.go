package kafka

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClusterIDIsNoOption(t *testing.T) {
	t.Parallel()
	for range 1000 {
		require.Regexp(t, "^[A-Za-f][A-Za-z0-9_-]{21}$", newClusterID())
	}
}
