package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// writePGO samples both sides and writes the merged profile, with which the compiler optimizes hot functions of cmd/telegraf.
func (o options) writePGO(ctx context.Context, binary string) (err error) {
	dir, err := os.MkdirTemp("", "bench-pgo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	args := []string{"tool", "pprof", "-proto"}
	for name, side := range sides {
		file := filepath.Join(dir, name)
		if err := o.sample(ctx, side, binary, file); err != nil {
			return err
		}
		args = append(args, file)
	}
	command := exec.CommandContext(ctx, "go", args...)
	command.Stderr = os.Stderr
	merged, err := command.Output()
	if err != nil {
		return err
	}
	profile, err := withoutPath(merged, binary)
	if err != nil {
		return err
	}
	return os.WriteFile(o.pgo, profile, 0o644) //nolint:gosec // a file of the checkout
}

// withoutPath replaces the path of the program by a text of the same length, so that the lengths in the profile stay correct.
func withoutPath(profile []byte, path string) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(profile))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	plain = bytes.ReplaceAll(plain, []byte(path), []byte(strings.Repeat("x", len(path))))
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err = writer.Write(plain)
	err = errors.Join(err, writer.Close())
	return packed.Bytes(), err
}
