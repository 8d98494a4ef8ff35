#!/bin/sh
# Finds flaky tests: runs the tests of each package RUNS times (default: 30), with the race detector and next to two busy loops, and prints
# the output of every failed run. Exit code: 0 if all runs passed, 1 if a run failed.
# Usage: [RUNS=30] [TESTS=REGEXP] stress.sh [PACKAGE...]    (default: ./...)
set -eu
cd "$(dirname "$0")/.."
runs=${RUNS:-30}
tests=${TESTS:-.}

dir=$(mktemp -d)
busy=
# shellcheck disable=SC2086 # process IDs
trap 'kill $busy 2>/dev/null || true; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
race=-race
case $(go env GOARCH) in
arm | 386) race= ;; # without a race detector
esac

start_busy_loops() {
	for _ in 1 2; do
		while :; do :; done &
		busy="$busy $!"
	done
}

# stress_package IMPORT_PATH DIRECTORY
stress_package() {
	# A package without tests compiles to nothing.
	go test $race -c -o "$dir/test" "$1" >"$dir/compile" 2>&1 || {
		cat "$dir/compile"
		failures=$((failures + 1))
		return
	}
	[ -f "$dir/test" ] || return 0
	began=$(date +%s) failed=0 run=1
	while [ "$run" -le "$runs" ]; do
		if ! (cd "$2" && "$dir/test" -test.run "$tests" -test.timeout 15m) >"$dir/output" 2>&1; then
			echo "stress: $1: run $run of $runs failed:"
			cat "$dir/output"
			failed=$((failed + 1))
		fi
		run=$((run + 1))
	done
	rm "$dir/test"
	failures=$((failures + failed))
	echo "stress: $1: $failed of $runs runs failed ($(($(date +%s) - began)) s)"
}

failures=0
go list -f '{{.ImportPath}} {{.Dir}}' "${@:-./...}" >"$dir/packages"
start_busy_loops
while read -r package folder; do
	stress_package "$package" "$folder" </dev/null
done <"$dir/packages"
echo "stress: $failures failed runs"
[ "$failures" -eq 0 ]
