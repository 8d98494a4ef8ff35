#!/bin/sh
# Runs all static checks: Go code and its format, go.mod, shell scripts, GitHub workflows, READMEs of plugins.
# Usage: lint.sh
set -eu
cd "$(dirname "$0")/.."

start=$(date +%s)
step() {
	echo "lint, after $(($(date +%s) - start)) s: $1"
}

lint_shell() {
	step 'shell scripts'
	install_shellcheck
	# Found by their first line, because maintainer scripts of a package have no ".sh".
	find . \( -name .git -o -path ./build \) -prune -o -type f -exec \
		awk 'FNR == 1 { if (/^#! ?\/.*[\/ ](ba|da)?sh( |$)/) print FILENAME; nextfile }' {} + |
		tr '\n' '\0' | xargs -0 shellcheck
}

install_shellcheck() {
	if command -v shellcheck >/dev/null; then
		return
	fi
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		echo 'lint: shellcheck is missing; install it, or run this as root on a system with apt-get' >&2
		return 1
	fi
	apt-get update >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends shellcheck >/dev/null
}

lint_workflows() {
	step 'GitHub workflows'
	linter=$(scripts/tool.sh actionlint)
	"$linter" .github/workflows/*.yml
}

lint_words() {
	step 'words (scripts/vocabulary/words.txt)'
	go run ./scripts/vocabulary
}

lint_readmes() {
	step 'READMEs of the plugins'
	linter=$(scripts/tool.sh readme_linter)
	for plugin in plugins/*/*/; do
		check_sample "${plugin}README.md" "${plugin}sample.conf"
	done
	# It derives the kind of a plugin from the relative path.
	"$linter" -quiet plugins/*/*/README.md
}

check_sample() {
	if [ ! -f "$1" ]; then
		echo "$1 is missing; copy the README of another plugin" >&2
		return 1
	fi
	if [ ! -f "$2" ]; then
		return # a parser or serializer
	fi
	awk '/^```/ { inside = /^```toml @sample.conf$/; next } inside' "$1" | cmp - "$2" || {
		echo "$1: the block \"\`\`\`toml @sample.conf\" differs from $2; copy that file into it" >&2
		return 1
	}
}

lint_modules() {
	step 'go.mod and go.sum (a minute the first time: Go reads the tests of all modules)'
	go mod tidy -diff || {
		echo 'lint: run "go mod tidy" to fix this' >&2
		return 1
	}
}

lint_go() {
	step 'format of the Go code'
	linter=$(scripts/tool.sh golangci-lint)
	GOLANGCI_LINT_CACHE=${TELEGRAF_STATION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/telegraf-station}/golangci-lint
	export GOLANGCI_LINT_CACHE
	"$linter" config verify
	"$linter" fmt --diff || {
		echo 'lint: run "make format" to fix this' >&2
		return 1
	}
	step 'Go code (two minutes the first time, then seconds)'
	# Compiled like our Telegraf, whose build then finds the same packages in the Go build cache.
	CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false" "$linter" run
}

lint_shell
lint_workflows
lint_words
lint_readmes
lint_modules
lint_go
step 'all checks passed'
