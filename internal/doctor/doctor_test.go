package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAStationThatIsWell is green in all lines, whose order is fixed.
func TestAStationThatIsWell(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	p.produce(time.Now())
	var text strings.Builder
	report, err := Run(t.Context(), p.options)
	require.NoError(t, err)
	require.NoError(t, report.Write(&text))
	t.Log("\n" + text.String())
	require.True(t, report.Sound())
	var names []string
	for _, f := range report.Findings {
		require.Equal(t, Good, f.State, f.Text)
		require.Empty(t, f.Fix)
		names = append(names, f.Check)
	}
	require.Equal(t, []string{
		"architecture", "files", "configuration", "clock", "port", "permission", "busy", "ModemManager", "baud", "reading", "DNS", "TCP", "TLS", "SASL",
		"brokers", "topic", "ACL", "outbox", "outbox disk", "outbox room", "parked", "damaged", "service", "delivery",
	}, names)
}
