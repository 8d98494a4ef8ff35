// Package install installs the programs of the test bed that `go install` cannot build, with the scripts in this directory.
// The scripts also work by hand; they are embedded so that tests find them in any working directory.
package install

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"path/filepath"

	"github.com/telegraf-station/telegraf-station/test/bed/cache"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

//go:embed kafka.sh
var kafkaScript string

//go:embed influxdb2.sh
var influxDB2Script string

// Kafka returns the directory with the JAR files of Kafka 4.3.1. They are downloaded once (15 seconds; needs Maven) and then cached. The
// script reports its progress on progress; nil is silent.
func Kafka(ctx context.Context, progress io.Writer) (libs string, err error) {
	dir, err := cache.Dir("kafka-4.3.1")
	if err != nil {
		return "", err
	}
	libs = filepath.Join(dir, "libs")
	if err := once(ctx, libs, kafkaScript, dir, progress); err != nil {
		return "", fmt.Errorf("cannot install Kafka: %w", err)
	}
	return libs, nil
}

// InfluxDB2 returns the binary of influxd v2.7.12. It is built once (six minutes; needs clang, protoc, and cargo) and then cached. The script
// reports its progress on progress; nil is silent.
func InfluxDB2(ctx context.Context, progress io.Writer) (binary string, err error) {
	dir, err := cache.Dir("influxdb2-v2.7.12")
	if err != nil {
		return "", err
	}
	binary = filepath.Join(dir, "influxd")
	if err := once(ctx, binary, influxDB2Script, dir, progress); err != nil {
		return "", fmt.Errorf("cannot install InfluxDB 2: %w", err)
	}
	return binary, nil
}

func once(ctx context.Context, path, script, dir string, progress io.Writer) error {
	return cache.Once(ctx, path, func() error {
		return process.Run(ctx, process.Command{Path: "sh", Args: []string{"-c", script, "sh", dir}, Output: progress})
	})
}
