package main

import (
	"fmt"
	"strings"
)

const targetNames = "linux/amd64, linux/arm64, linux/arm/6, or linux/arm/7"

// target is a platform as specified by the user: GOOS/GOARCH, followed by /GOARM for 32-bit ARM.
type target string

func parseTarget(name string) (target, error) {
	switch name {
	case "linux/amd64", "linux/arm64", "linux/arm/6", "linux/arm/7":
		return target(name), nil
	}
	return "", fmt.Errorf("target %q is not supported; use %s", name, targetNames)
}

// hostTarget returns the target for a host. For every 32-bit ARM host, it is ARMv6, which runs on all Raspberry Pis.
func hostTarget(goos, goarch string) string {
	if goarch == "arm" {
		goarch = "arm/6"
	}
	return goos + "/" + goarch
}

// env returns the variables for the build. They set every instruction set level, so that the user's environment does not affect the binary.
func (t target) env() []string {
	parts := strings.Split(string(t), "/")
	env := []string{"CGO_ENABLED=0", "GOOS=" + parts[0], "GOARCH=" + parts[1], "GOAMD64=v1", "GOARM64=v8.0"}
	if len(parts) == 3 {
		env = append(env, "GOARM="+parts[2])
	}
	return env
}

// fileName returns the default file name: telegraf-linux-armv6 for linux/arm/6.
func (t target) fileName() string {
	name := strings.Replace(string(t), "/arm/", "/armv", 1)
	return "telegraf-" + strings.ReplaceAll(name, "/", "-")
}
