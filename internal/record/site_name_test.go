package record

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSiteName(t *testing.T) {
	t.Parallel()
	name := SiteName{"J.N-U", "1", "rasp"}
	require.Equal(t, "J.N-U_1_rasp", name.Topic())
	require.Equal(t, "J.N-U_rasp", name.Measurement())
	split, ok := SplitTopic("J.N-U_1_rasp")
	require.True(t, ok)
	require.Equal(t, name, split)
	for _, topic := range []string{"", "JNU", "JNU_1", "JNU_1_rasp_2", "_1_rasp", "JNU__rasp", "JNU_1_", "__consumer_offsets", "a b_1_rasp"} {
		_, ok := SplitTopic(topic)
		require.False(t, ok, topic)
	}
}
