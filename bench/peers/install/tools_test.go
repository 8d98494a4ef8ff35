package install

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckNamesWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	require.ErrorContains(t, Check(), "java (default-jre-headless), mvn (maven), node (nodejs), npm (npm), python3 (python3 python3-pip)")
}
