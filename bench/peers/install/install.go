// Package install gets the peers of the measurement from their registries, each once, into the cache. The versions are pinned by the
// files beside it.
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

// Flume returns the folder with the jars of Apache Flume 1.11.0: its node, its Kafka sink and what they need. It needs a JDK and Maven.
func Flume(ctx context.Context, progress io.Writer) (libs string, err error) {
	return once(ctx, "flume-1.11.0", progress, []string{"pom.xml"},
		"mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DoutputDirectory=installed")
}

// Node returns the folder with kafkajs 2.2.4 and InfluxDB's client 1.35.0, for NODE_PATH. It needs NodeJS and npm.
func Node(ctx context.Context, progress io.Writer) (modules string, err error) {
	return once(ctx, "node-kafkajs-2.2.4", progress, []string{"package.json", "package-lock.json"},
		"sh", "-c", "npm ci --no-audit --no-fund && mv node_modules installed")
}

// Python returns the folder with pyserial 3.5, for PYTHONPATH. It needs Python 3 and pip.
func Python(ctx context.Context, progress io.Writer) (packages string, err error) {
	return once(ctx, "python-pyserial-3.5", progress, []string{"requirements.txt"},
		"python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--target", "installed", "-r", "requirements.txt")
}

// once runs a package manager in a folder with the files that it needs; it puts what it gets into "installed" there.
func once(ctx context.Context, name string, progress io.Writer, files []string, command ...string) (installed string, err error) {
	dir, err := cache.Dir("peers")
	if err != nil {
		return "", err
	}
	installed = filepath.Join(dir, name)
	err = cache.Once(ctx, installed, func() error { return get(ctx, dir, installed, progress, files, command) })
	if err != nil {
		return "", fmt.Errorf("no %s: %w", name, err)
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
