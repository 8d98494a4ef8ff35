package schema

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheckDeviceID(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"pi", "Raspberry Pi 4", "온도", `a\b`, "a_b", strings.Repeat("x", MaxDeviceID)} {
		require.NoError(t, CheckDeviceID(good), good)
	}
	for bad, want := range map[string]string{
		"": "must not be empty", "a\nb": "control characters", "a\x1b[2J": "control characters", "\xff": "invalid UTF-8", `pi\`: `must not end with "\"`,
		strings.Repeat("x", MaxDeviceID+1): "at most 256 bytes",
	} {
		require.ErrorContains(t, CheckDeviceID(bad), want)
	}
}

func TestCheckTime(t *testing.T) {
	t.Parallel()
	require.NoError(t, CheckTime(time.Unix(0, 0)))
	require.NoError(t, CheckTime(time.Date(2200, 12, 31, 23, 59, 59, 0, time.UTC)))
	for _, year := range []int{1600, 1969, 2201, 2300} {
		require.ErrorContains(t, CheckTime(time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)), "must be in the years 1970 to 2200")
	}
}
