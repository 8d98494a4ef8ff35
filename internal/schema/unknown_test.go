package schema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type warnings []string

func (w *warnings) Warnf(format string, args ...any) { *w = append(*w, fmt.Sprintf(format, args...)) }

// Neither the log nor the memory grows with the names that a hostile writer invents.
func TestInventedNamesAreLimited(t *testing.T) {
	t.Parallel()
	unknown, err := NewUnknown("drop")
	require.NoError(t, err)
	var log warnings
	for range 2 {
		for i := range 10_000 {
			keep, err := unknown.Keep(fmt.Sprint(i)+strings.Repeat("x", 1000), &log)
			require.NoError(t, err)
			require.False(t, keep)
		}
	}
	require.Len(t, log, maxWarned)
	require.Contains(t, log[maxWarned-1], "like 99 others before; further names are left out without a message")
	require.Len(t, unknown.warned.names, maxWarned)
	require.Less(t, len(log[0]), 300)
}
