package main

import (
	"fmt"
	"strings"
)

const targetNames = "linux/amd64, linux/arm64, linux/arm/6 or linux/arm/7"

// target is a platform as the user writes it: GOOS/GOARCH, and for 32-bit ARM the GOARM version behind it.
type target string

func parseTarget(name string) (target, error) {
	switch name {
	case "linux/amd64", "linux/arm64", "linux/arm/6", "linux/arm/7":
		return target(name), nil
	}
	return "", fmt.Errorf("target %q is not one that we build; give --target %s", name, targetNames)
}

// hostTarget takes ARMv6 on every 32-bit ARM: it runs on all Raspberry Pis.
func hostTarget(goos, goarch string) string {
	if goarch == "arm" {
		goarch = "arm/6"
	}
	return goos + "/" + goarch
}

// env fixes every level of the instruction set, so that the user's environment does not change the binary.
func (t target) env() []string {
	parts := strings.Split(string(t), "/")
	env := []string{"CGO_ENABLED=0", "GOOS=" + parts[0], "GOARCH=" + parts[1], "GOAMD64=v1", "GOARM64=v8.0"}
	if len(parts) == 3 {
		env = append(env, "GOARM="+parts[2])
	}
	return env
}

// fileName is telegraf-linux-armv6 for linux/arm/6.
func (t target) fileName() string {
	name := strings.Replace(string(t), "/arm/", "/armv", 1)
	return "telegraf-" + strings.ReplaceAll(name, "/", "-")
}
