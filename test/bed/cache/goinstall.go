package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// GoInstall returns the path of the program that `go install PACKAGE@VERSION` builds. It is built once and then cached. The version must be
// exact ("v1.8.10"), because a cached "latest" would never be updated. progress gets messages, including those about
// downloads; nil is silent.
func GoInstall(ctx context.Context, pkgAtVersion string, progress io.Writer) (binary string, err error) {
	pkg, version, ok := strings.Cut(pkgAtVersion, "@")
	if !ok || !strings.HasPrefix(version, "v") {
		return "", fmt.Errorf("%q has no exact version; use the form example.com/cmd/name@v1.2.3", pkgAtVersion)
	}
	dir, err := Dir("go-install", pkgAtVersion)
	if err != nil {
		return "", err
	}
	if progress == nil {
		progress = io.Discard
	}
	binary = filepath.Join(dir, commandName(pkg))
	err = Once(ctx, binary, func() error { return goInstall(ctx, pkgAtVersion, binary, progress) })
	if err != nil {
		return "", fmt.Errorf("cannot build %s: %w", pkgAtVersion, err)
	}
	return binary, nil
}

// commandName returns the last part of the package path without a major version ("/v2").
func commandName(pkg string) string {
	name := path.Base(pkg)
	if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
		name = path.Base(path.Dir(pkg))
	}
	return name
}

// goInstall builds in the directory of the binary, so that the final rename stays in one file system.
func goInstall(ctx context.Context, pkgAtVersion, binary string, progress io.Writer) (err error) {
	name := filepath.Base(binary)
	dir, err := os.MkdirTemp(filepath.Dir(binary), "building-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if _, err := fmt.Fprintf(progress, "%s: building it with `go install %s`: once, one to five minutes with its downloads\n", name, pkgAtVersion); err != nil {
		return err
	}
	begin := time.Now()
	if err := process.Run(ctx, installCommand(pkgAtVersion, dir, progress)); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, name), binary); err != nil {
		return err
	}
	_, err = fmt.Fprintf(progress, "%s: built in %s, kept in %s\n", name, time.Since(begin).Round(time.Second), filepath.Dir(binary))
	return err
}

// installCommand builds for this machine even if the caller cross-compiles, and without cgo, so that the binary does not depend on a C
// compiler.
func installCommand(pkgAtVersion, dir string, progress io.Writer) process.Command {
	return process.Command{
		Path:   "go",
		Args:   []string{"install", "-trimpath", pkgAtVersion},
		Env:    []string{"GOBIN=" + dir, "GOOS=" + runtime.GOOS, "GOARCH=" + runtime.GOARCH, "CGO_ENABLED=0", "GOWORK=off"},
		Dir:    dir,
		Output: progress,
	}
}
