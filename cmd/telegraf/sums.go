package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// sums is a go.sum: hash ("h1:...") by "module version" or "module version/go.mod".
type sums map[string]string

// readSums reads the union of several go.sum files. Two hashes for one module mean that a file was altered.
func readSums(files ...string) (sums, error) {
	all := sums{}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // a go.sum of the checkout or of our own copy
		if err != nil {
			return nil, fmt.Errorf("reading the hashes of the modules: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) != 3 {
				return nil, fmt.Errorf("%s: line %q is not of the form module version hash; restore the file from git", file, line)
			}
			module, hash := fields[0]+" "+fields[1], fields[2]
			if other, ok := all[module]; ok && other != hash {
				return nil, fmt.Errorf("%s: %q has the hash %s here and %s before: one of them was altered; restore go.sum from git", file, module, hash, other)
			}
			all[module] = hash
		}
	}
	return all, nil
}

func (s sums) write(file string) error {
	var text strings.Builder
	for _, module := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintln(&text, module, s[module])
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("writing the hashes of the modules: %w", err)
	}
	return nil
}

// checkPinned refuses used when it has code (not just a go.mod file) that pinned does not know. Go has checked such code
// against its public checksum database only, and we want every line that is built in to be named in a go.sum.
func checkPinned(used, pinned sums) error {
	for _, module := range slices.Sorted(maps.Keys(used)) {
		if _, ok := pinned[module]; !ok && !strings.HasSuffix(module, "/go.mod") {
			return fmt.Errorf("%q would be built in, but neither our go.sum nor Telegraf's has its hash: our go.mod asks for a newer one than Telegraf; "+
				"import a package of it in plugins/all and run `go mod tidy`, or go back to Telegraf's version of it", module)
		}
	}
	return nil
}

// verifySource compares the copy of Telegraf in dir with its line in go.sum.
func verifySource(dir, version string, pinned sums) error {
	name := telegrafModule + "@" + version
	want, ok := pinned[telegrafModule+" "+version]
	if !ok {
		return fmt.Errorf("go.sum has no hash for %s; run `go mod tidy` and check what it changes", name)
	}
	got, err := dirhash.HashDir(dir, name, dirhash.Hash1)
	if err != nil {
		return fmt.Errorf("hashing the source of %s: %w", name, err)
	}
	if got != want {
		return fmt.Errorf("the source of %s has the hash %s, but go.sum says %s: the module cache was altered, so nothing was built; "+
			"run `go clean -modcache` to have it downloaded again", name, got, want)
	}
	return nil
}
