package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/telegraf-station/telegraf-station/bench/station"
	"github.com/telegraf-station/telegraf-station/test/bed/cache"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// compareARM prints the sizes of both programs for every Raspberry Pi (ARMv6), stripped.
func compareARM(ctx context.Context, folder string) error {
	ours := filepath.Join(folder, "telegraf-armhf")
	err := process.Run(ctx, process.Command{
		Path: "go", Args: []string{"run", "./cmd/telegraf", "--target", "linux/arm/6", "--output", ours}, Output: os.Stderr,
	})
	if err != nil {
		return err
	}
	peer, err := stockARM(ctx)
	if err != nil {
		return err
	}
	mine, err := os.Stat(ours)
	if err != nil {
		return err
	}
	other, err := os.Stat(peer)
	if err != nil {
		return err
	}
	fmt.Printf("\nFor armhf: ours %.0f MB, stock Telegraf %.0f MB: %.2f\n", float64(mine.Size())/1e6, float64(other.Size())/1e6,
		float64(mine.Size())/float64(other.Size()))
	return nil
}

// stockARM returns the cached build for ARM. Go installs programs for another processor only into a GOPATH.
func stockARM(ctx context.Context) (binary string, err error) {
	dir, err := cache.Dir("stock-armhf", station.StockPackage)
	if err != nil {
		return "", err
	}
	binary = filepath.Join(dir, "bin", "linux_arm", "telegraf")
	modules, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE").Output()
	if err != nil {
		return "", err
	}
	return binary, cache.Once(ctx, binary, func() error {
		return process.Run(ctx, process.Command{
			Path: "go", Args: []string{"install", "-trimpath", "-ldflags", "-s -w", station.StockPackage}, Output: os.Stderr,
			Env: []string{"GOPATH=" + dir, "GOMODCACHE=" + strings.TrimSpace(string(modules)), "GOBIN=", "GOOS=linux", "GOARCH=arm", "GOARM=6", "CGO_ENABLED=0", "GOWORK=off"},
		})
	})
}
