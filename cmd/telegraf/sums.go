package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// sums is the content of a go.sum file: hashes ("h1:...") by "module version" or "module version/go.mod".
type sums map[string]string

// readSums returns the union of several go.sum files. Two different hashes for one module mean that a file was modified.
func readSums(files ...string) (sums, error) {
	all := sums{}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // in the checkout or in our copy
		if err != nil {
			return nil, fmt.Errorf("cannot read module hashes: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) != 3 {
				return nil, fmt.Errorf("%s: line %q does not have the form MODULE VERSION HASH; restore the file from git", file, line)
			}
			module, hash := fields[0]+" "+fields[1], fields[2]
			if other, ok := all[module]; ok && other != hash {
				return nil, fmt.Errorf("%s: %q has hash %s here and %s before: one of them was modified; restore go.sum from git", file, module, hash, other)
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
		return fmt.Errorf("cannot write module hashes: %w", err)
	}
	return nil
}

// checkPinned returns an error if used contains code (not only a go.mod file) that is missing from pinned. Go has verified such code only with
// the public checksum database, but everything in the binary must be pinned in a go.sum file.
func checkPinned(used, pinned sums) error {
	for _, module := range slices.Sorted(maps.Keys(used)) {
		if _, ok := pinned[module]; !ok && !strings.HasSuffix(module, "/go.mod") {
			return fmt.Errorf("module %q is not pinned in our go.sum or in that of Telegraf: our go.mod requires a newer version than Telegraf; "+
				"import one of its packages in plugins/all and run `go mod tidy`, or use the version that Telegraf requires", module)
		}
	}
	return nil
}

// verifySource checks the copy of Telegraf in dir against its hash in go.sum.
func verifySource(dir, version string, pinned sums) error {
	name := telegrafModule + "@" + version
	want, ok := pinned[telegrafModule+" "+version]
	if !ok {
		return fmt.Errorf("go.sum has no hash for %s; run `go mod tidy` and check its changes", name)
	}
	got, err := dirhash.HashDir(dir, name, dirhash.Hash1)
	if err != nil {
		return fmt.Errorf("cannot hash the source of %s: %w", name, err)
	}
	if got != want {
		return fmt.Errorf("nothing was built: the source of %s has hash %s, but go.sum has %s: the module cache was modified; "+
			"run `go clean -modcache` to download it again", name, got, want)
	}
	return nil
}
