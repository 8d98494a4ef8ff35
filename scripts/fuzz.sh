#!/bin/sh
# Runs all fuzz targets, one after the other. Usage: FUZZTIME=10s fuzz.sh
# Go writes failing inputs to testdata/fuzz of the package: commit them with the fix.
set -eu
cd "$(dirname "$0")/.."

grep -rE --include='*_test.go' '^func Fuzz' . |
	sed 's/^\(.*\)\/[^/]*_test\.go:func \(Fuzz[A-Za-z0-9_]*\)(.*/\1 \2/' |
	while read -r package target; do
		echo "fuzz: $target of $package for ${FUZZTIME:=10s}"
		# By default, Go spends up to a minute on minimizing each interesting input, which would use up the time.
		go test -run='^$' -fuzz="^$target\$" -fuzztime="$FUZZTIME" -fuzzminimizetime=10x "$package" </dev/null
	done
