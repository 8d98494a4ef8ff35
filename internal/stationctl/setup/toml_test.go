package setup

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestAnyTextIsParsed to its end; whether it is valid TOML is checked elsewhere.
func TestAnyTextIsParsed(t *testing.T) {
	t.Parallel()
	part := rapid.SampledFrom([]string{
		"[[inputs.arduino_serial]]", "[a.b]", "site = ", "# site = ", `"`, `'`, `"""`, "'''", "[", "]", "{", "}", "\\", "\n", "\r\n", "#", " ", "\t", "x", "=", `"a\"b"`, "1",
	})
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for range rapid.IntRange(0, 40).Draw(t, "parts") {
			text += part.Draw(t, "part")
		}
		d := parseDocument(text)
		for _, o := range d.options {
			require.True(t, 0 <= o.line && o.line < o.from && o.from <= o.to && o.to <= len(text), "%q: %+v", text, o)
		}
		d.set(inputTable, "site", `"GIST"`)
		d.unset(inputTable, "site")
		require.Empty(t, d.raw(outputTable, "site"))
	})
}
