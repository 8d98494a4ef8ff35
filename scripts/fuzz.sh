#!/bin/sh
# Runs every fuzz target of the project, one after the other. Usage: FUZZTIME=10s fuzz.sh
# What Go finds it writes into the target's testdata/fuzz: commit that file with the fix.
set -eu
cd "$(dirname "$0")/.."

grep -rE --include='*_test.go' '^func Fuzz' . |
	sed 's/^\(.*\)\/[^/]*_test\.go:func \(Fuzz[A-Za-z0-9_]*\)(.*/\1 \2/' |
	while read -r package target; do
		echo "fuzz: $target of $package for ${FUZZTIME:=10s}"
		# By default Go spends up to a minute on making each interesting input smaller, and the time above is gone.
		go test -run='^$' -fuzz="^$target\$" -fuzztime="$FUZZTIME" -fuzzminimizetime=10x "$package" </dev/null
	done
