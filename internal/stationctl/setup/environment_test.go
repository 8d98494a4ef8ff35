package setup

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEnvironmentIsEdited(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":            {"", "KAFKA_PASSWORD=\"p w\"\n"},
		"others":           {"# ours\nSTATION_PORT=/dev/x", "# ours\nSTATION_PORT=/dev/x\nKAFKA_PASSWORD=\"p w\"\n"},
		"in its line":      {"KAFKA_PASSWORD=old\nX=1\n", "KAFKA_PASSWORD=\"p w\"\nX=1\n"},
		"in all its lines": {"KAFKA_PASSWORD='a\nb'\nX=1\nKAFKA_PASSWORD=c\n", "KAFKA_PASSWORD=\"p w\"\nX=1\nKAFKA_PASSWORD=\"p w\"\n"},
		"as it is":         {"KAFKA_PASSWORD='p w'\n", "KAFKA_PASSWORD='p w'\n"},
		"a comment":        {"#KAFKA_PASSWORD=x\n", "#KAFKA_PASSWORD=x\nKAFKA_PASSWORD=\"p w\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e := environment{test.text}
			e.set("KAFKA_PASSWORD", "p w")
			require.Equal(t, test.want, e.text)
		})
	}
}

func TestAnyPasswordComesBack(t *testing.T) {
	printable := rapid.StringMatching(`[ -~äß漢]*`)
	rapid.Check(t, func(t *rapid.T) {
		first, second := printable.Draw(t, "first"), printable.Draw(t, "second")
		e := environment{"X=1\n"}
		e.set(passwordVariable, first)
		e.set(usernameVariable, second)
		e.set(passwordVariable, second)
		e.set(usernameVariable, first)
		require.Equal(t, map[string]string{"X": "1", passwordVariable: second, usernameVariable: first}, e.variables())
	})
}

// TestAShellReadsIt too, for users who source the file.
func TestAShellReadsIt(t *testing.T) {
	odd := "a'b\"c$d`e\\f #g ;h ${i} !"
	e := environment{}
	e.set(passwordVariable, odd)
	file := filepath.Join(t.TempDir(), "environment")
	_, err := put(file, e.text)
	require.NoError(t, err)
	output, err := exec.CommandContext(t.Context(), "sh", "-c", `. "$1"; printf %s "$KAFKA_PASSWORD"`, "sh", file).Output() //nolint:gosec // a file of the test's
	require.NoError(t, err)
	require.Equal(t, odd, string(output))
}
