// Package corpus reads what fuzzing has found worth keeping: a file a target, a line an input, its arguments as Go strings
// separated by tabs. One file is easier to live with than the thousands that Go would keep; what newly fails Go still writes
// into testdata/fuzz.
package corpus

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Of returns the inputs of a fuzz target that are kept in testdata/NAME.corpus.
func Of(f *testing.F) [][][]byte {
	f.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", f.Name()+".corpus"))
	if err != nil {
		f.Fatal(err)
	}
	var inputs [][][]byte
	for line := range strings.Lines(string(text)) {
		var input [][]byte
		for argument := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), "\t") {
			value, err := strconv.Unquote(argument)
			if err != nil {
				f.Fatalf("%s: %v: %s", f.Name(), err, argument)
			}
			input = append(input, []byte(value))
		}
		inputs = append(inputs, input)
	}
	return inputs
}
