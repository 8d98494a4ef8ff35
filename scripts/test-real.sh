#!/bin/sh
# Runs the tests on real parts (Kafka, InfluxDB 2, our Telegraf for all targets, the sketch on a simulated Arduino): only those with the build
# tag "real", because `make test` runs the rest. Usage: test-real.sh
set -eu
cd "$(dirname "$0")/.."

test/bed/install/packages.sh

files=$(find . -name '*_test.go' -exec grep -lE '^//go:build (.*[ (])?real([ )].*)?$' {} +)
# shellcheck disable=SC2086 # our file names, without spaces
tests=$(sed -n 's/^func \(Test[A-Z][A-Za-z0-9_]*\)(.*/\1/p' $files | sort -u | paste -s -d '|' -)
packages=$(for file in $files; do dirname "$file"; done | sort -u)

echo "test-real: tests: $tests"
echo 'test-real: takes half an hour on two cores, and 45 minutes the first time, to build InfluxDB 2, Telegraf, and three Debian systems'
echo 'test-real: testing the outbox against its model, a million steps (a minute)'
OUTBOX_STEPS=1000000 go test -count=1 -timeout 30m -run '^TestModel$' ./internal/outbox
# One package at a time: while a compiler is running, three brokers are too slow for their clients. With the race detector, because
# `make test` has compiled everything with it.
# shellcheck disable=SC2086 # our directory names, without spaces
go test -p 1 -tags real -race -count=1 -timeout 50m -v -run "^($tests)\$" $packages
