// Package install downloads the peers from their registries into the cache. The files in this directory pin the versions.
package install

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/telegraf-station/telegraf-station/test/bed/cache"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

//go:embed pom.xml package.json package-lock.json requirements.txt
var pinned embed.FS

// Flume returns the directory with the JAR files of Apache Flume 1.11.0: node, Kafka sink, and dependencies. It requires a JDK and Maven.
func Flume(ctx context.Context, progress io.Writer) (libs string, err error) {
	return once(ctx, "flume-1.11.0", progress, []string{"pom.xml"},
		"mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DoutputDirectory=installed")
}

// Node returns the directory with kafkajs 2.2.4 and the InfluxDB client 1.35.0, for NODE_PATH. It requires NodeJS and npm.
func Node(ctx context.Context, progress io.Writer) (modules string, err error) {
	return once(ctx, "node-kafkajs-2.2.4", progress, []string{"package.json", "package-lock.json"},
		"sh", "-c", "npm ci --no-audit --no-fund && mv node_modules installed")
}

// Python returns the directory with pyserial 3.5, for PYTHONPATH. It requires Python 3 and pip.
func Python(ctx context.Context, progress io.Writer) (packages string, err error) {
	return once(ctx, "python-pyserial-3.5", progress, []string{"requirements.txt"},
		"python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--target", "installed", "-r", "requirements.txt")
}

// once runs a package manager in a directory with the given files; the command installs into "installed" there.
func once(ctx context.Context, name string, progress io.Writer, files []string, command ...string) (installed string, err error) {
	dir, err := cache.Dir("peers")
	if err != nil {
		return "", err
	}
	installed = filepath.Join(dir, name)
	err = cache.Once(ctx, installed, func() error { return get(ctx, dir, installed, progress, files, command) })
	if err != nil {
		return "", fmt.Errorf("cannot install %s: %w", name, err)
	}
	return installed, nil
}

func get(ctx context.Context, dir, installed string, progress io.Writer, files, command []string) (err error) {
	work, err := os.MkdirTemp(dir, "getting-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	for _, file := range files {
		text, err := pinned.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, file), text, 0o600); err != nil {
			return err
		}
	}
	err = process.Run(ctx, process.Command{Path: command[0], Args: command[1:], Dir: work, Output: progress})
	if err != nil {
		return err
	}
	return os.Rename(filepath.Join(work, "installed"), installed)
}
