#!/bin/sh
# Builds telegraf and stationctl for a package or an image: static, for the lowest level of the processor, and without paths or settings of
# the caller, so that two builds of one commit are identical. Usage: programs.sh TARGET DIRECTORY   (linux/arm/6, linux/amd64, ...)
set -eu
umask 022
cd "$(dirname "$0")/.."

target=$1
directory=$2
version=$(cat VERSION)

go run ./cmd/telegraf --target "$target" --output "$directory/telegraf"
IFS=/
# shellcheck disable=SC2086 # linux/arm/6 is three words
set -- $target
GOOS=$1 GOARCH=$2 GOARM=${3:-} GOAMD64=v1 GOARM64=v8.0 GOFLAGS=-mod=readonly GOWORK=off GOEXPERIMENT='' CGO_ENABLED=0 \
	go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$version" -o "$directory/stationctl" ./cmd/stationctl
