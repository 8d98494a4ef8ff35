package installed

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSet(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"empty":               {"", "KAFKA_PASSWORD=\"p w\"\n"},
		"other variables":     {"# ours\nSTATION_PORT=/dev/x", "# ours\nSTATION_PORT=/dev/x\nKAFKA_PASSWORD=\"p w\"\n"},
		"in place":            {"KAFKA_PASSWORD=old\nX=1\n", "KAFKA_PASSWORD=\"p w\"\nX=1\n"},
		"several assignments": {"KAFKA_PASSWORD='a\nb'\nX=1\nKAFKA_PASSWORD=c\n", "KAFKA_PASSWORD=\"p w\"\nX=1\nKAFKA_PASSWORD=\"p w\"\n"},
		"unchanged":           {"KAFKA_PASSWORD='p w'\n", "KAFKA_PASSWORD='p w'\n"},
		"a comment":           {"#KAFKA_PASSWORD=x\n", "#KAFKA_PASSWORD=x\nKAFKA_PASSWORD=\"p w\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, Set(test.text, "KAFKA_PASSWORD", "p w"))
		})
	}
}

func TestAnyValueIsReadBack(t *testing.T) {
	t.Parallel()
	printable := rapid.StringMatching(`[ -~äß漢]*`)
	rapid.Check(t, func(t *rapid.T) {
		first, second := printable.Draw(t, "first"), printable.Draw(t, "second")
		text := Set(Set("X=1\n", "PASSWORD", first), "USERNAME", second)
		text = Set(Set(text, "PASSWORD", second), "USERNAME", first)
		require.Equal(t, map[string]string{"X": "1", "PASSWORD": second, "USERNAME": first}, Variables(text))
	})
}

// TestShellsCanReadIt is for users who source the file.
func TestShellsCanReadIt(t *testing.T) {
	t.Parallel()
	const odd = "a'b\"c$d`e\\f #g ;h ${i} !"
	file := filepath.Join(t.TempDir(), "environment")
	require.NoError(t, os.WriteFile(file, []byte(Set("", "KAFKA_PASSWORD", odd)), 0o600))
	output, err := exec.CommandContext(t.Context(), "sh", "-c", `. "$1"; printf %s "$KAFKA_PASSWORD"`, "sh", file).Output() //nolint:gosec // a file of the test
	require.NoError(t, err)
	require.Equal(t, odd, string(output))
}
