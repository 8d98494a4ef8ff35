package site

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "../../etc", "a_b", ";drop", "전남대", "a b", "*"} {
		_, err := NewName(bad, "1", "rasp")
		require.Error(t, err, bad)
		require.ErrorContains(t, err, fmt.Sprintf(`SITE must consist of letters (a-z, A-Z), digits, "." and "-" (got %q)`, bad))
		_, err = NewName("JNU", bad, "rasp")
		require.Error(t, err, bad)
	}
	_, err := NewName(strings.Repeat("x", 300), "1", "rasp")
	require.ErrorContains(t, err, "Kafka allows at most 249 characters (got 307)")
	for _, bad := range []string{"__consumer_offsets", "JNU_1", "JNU_1_rasp_x", "JNU_1_*"} {
		_, err := ParseName(bad)
		require.ErrorContains(t, err, fmt.Sprintf("topic %q is not a site topic", bad))
	}
	name, err := ParseName("JNU_1_rasp")
	require.NoError(t, err)
	require.Equal(t, Name{Site: "JNU", Index: "1", Type: "rasp"}, name)
}

func TestContextEndsConnections(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c, err := Open(ctx, newGuarded(t), login(t, "admin", "of-the-test"))
	require.NoError(t, err)
	defer c.Close()
	cancel()
	_, err = c.Show(t.Context(), Name{Site: "JNU", Index: "1", Type: "rasp"})
	require.Error(t, err)
}
