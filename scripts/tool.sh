#!/bin/sh
# Prints the path of a Go program that our checks and builds need, in the version specified here. Builds it into the cache if it is missing.
# Usage: tool.sh actionlint|cyclonedx-gomod|golangci-lint|govulncheck|nfpm|readme_linter
set -eu
cd "$(dirname "$0")/.."

# The caller's build flags must not affect the tool, and GOBIN works only for programs for this machine.
unset GOFLAGS GOOS GOARCH GOARM

name=${1:-}
case $name in
actionlint)
	package=github.com/rhysd/actionlint/cmd/actionlint
	version=v1.7.12
	time='a quarter of a minute'
	;;
cyclonedx-gomod) # lists the modules of a program
	package=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
	version=v1.10.0
	time='a quarter of a minute'
	;;
golangci-lint)
	package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	version=v2.15.0
	time='two to five minutes'
	;;
govulncheck)
	package=golang.org/x/vuln/cmd/govulncheck
	version=v1.9.0
	time='half a minute'
	;;
nfpm)
	package=github.com/goreleaser/nfpm/v2/cmd/nfpm
	version=v2.45.2
	time='a minute'
	;;
readme_linter) # part of Telegraf
	package=github.com/influxdata/telegraf/tools/readme_linter
	version=$(go list -m -f '{{.Version}}' github.com/influxdata/telegraf)
	time='a quarter of a minute'
	;;
*)
	echo "tool.sh: unknown tool \"$name\"; use actionlint, cyclonedx-gomod, golangci-lint, govulncheck, nfpm, or readme_linter" >&2
	exit 2
	;;
esac

# A linter that was built with an older version of Go cannot read the standard library of a newer one.
bin=${TELEGRAF_STATION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/telegraf-station}/bin
tool=$bin/$name-$version-$(go env GOVERSION)
if [ ! -x "$tool" ]; then
	mkdir -p "$bin"
	work=$(mktemp -d "$bin/building-XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' INT TERM
	echo "building $name $version (once, in $time on two cores)" >&2
	# Without cgo and with -trimpath, like our Telegraf, so that Go compiles shared packages only once.
	GOBIN=$work CGO_ENABLED=0 go install -trimpath "$package@$version" >&2
	mv "$work/$name" "$tool"
fi
echo "$tool"
