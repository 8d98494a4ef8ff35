package installed

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAFileIsReadAsSystemdDoes follows systemd.exec(5), EnvironmentFile=.
func TestAFileIsReadAsSystemdDoes(t *testing.T) {
	text := "# comment=1\n; comment=2\n\nA=plain\n B = two words  \nC=\"quoted # and \\\"escaped\\\" \\$x \\n\"\nD='single \\ \"'\nE=a\\\nb\nF=\nG=\"two\nlines\"\nnonsense\nH=one'two'\"three\"\nA=again"
	require.Equal(t, map[string]string{
		"A": "again", "B": "two words", "C": `quoted # and "escaped" $x \n`, "D": `single \ "`, "E": "ab", "F": "", "G": "two\nlines", "H": "onetwothree",
	}, Variables(text))
}
