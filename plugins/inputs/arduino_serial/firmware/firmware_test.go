package firmware

import (
	"fmt"
	"hash/crc32"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheExamplesHaveTheirChecksum matters to readers who test their own CRC with them.
func TestTheExamplesHaveTheirChecksum(t *testing.T) {
	t.Parallel()
	example := regexp.MustCompile(`(\{"seq":.*\})\*([0-9A-F]{8})`)
	for _, file := range []string{"README.md", "station/station.ino"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		found := example.FindAllSubmatch(text, -1)
		require.Len(t, found, 1, file)
		require.Equal(t, fmt.Sprintf("%08X", crc32.ChecksumIEEE(found[0][1])), string(found[0][2]), file)
	}
}
