// Package scripts_test checks rules about the whole tree.
package scripts_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/telegraf-station/telegraf-station/"

// TestImportsGoOneWay checks internal < plugins < internal/stationctl < cmd in all files, whatever their build tags. It is what depguard
// checks (.golangci.yml), for those who run only the tests. It parses the files, because Go would cache a result of `go list`.
func TestImportsGoOneWay(t *testing.T) {
	for _, file := range filesWith(t, ".go") {
		dir := filepath.ToSlash(filepath.Dir(file))
		for _, imported := range importsOf(t, file) {
			if layer(dir) > 0 {
				require.LessOrEqual(t, layer(imported), layer(dir), "%s must not import %s", file, imported)
			}
			if (below(imported, "test") || below(imported, "bench")) && !strings.HasSuffix(file, "_test.go") {
				require.True(t, below(dir, "test") || below(dir, "bench") || dir == "cmd/demo",
					"%s must not import %s: the test bed is for tests, benchmarks, and the demo", file, imported)
			}
		}
	}
}

// layer returns the height of a package: it must not import a higher one. 0 is without a layer: other modules, test, bench, scripts, conf.
func layer(dir string) int {
	switch {
	case below(dir, "internal/stationctl"):
		return 3
	case below(dir, "internal"):
		return 1
	case below(dir, "plugins"):
		return 2
	case below(dir, "cmd"):
		return 4
	default:
		return 0
	}
}

func below(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}

// importsOf returns the packages of this module that the file imports, relative to its root.
func importsOf(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", file), nil, parser.ImportsOnly)
	require.NoError(t, err)
	var imports []string
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		if path, ok := strings.CutPrefix(path, module); ok {
			imports = append(imports, path)
		}
	}
	return imports
}
