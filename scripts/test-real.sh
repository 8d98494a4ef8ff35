#!/bin/sh
# Runs the tests with the real parts (Kafka, InfluxDB 2, our Telegraf for every target, the sketch on a simulated Arduino): those
# that the build tag "real" adds, and no others, which `make test` has run. Usage: test-real.sh
set -eu
cd "$(dirname "$0")/.."

test/bed/install/packages.sh

files=$(find . -name '*_test.go' -exec grep -lE '^//go:build (.*[ (])?real([ )].*)?$' {} +)
# shellcheck disable=SC2086 # a list of our own files, without spaces
tests=$(sed -n 's/^func \(Test[A-Z][A-Za-z0-9_]*\)(.*/\1/p' $files | sort -u | paste -s -d '|' -)
packages=$(for file in $files; do dirname "$file"; done | sort -u)

echo "test-real: the tests $tests"
echo 'test-real: half an hour on two cores; three quarters of an hour the first time, which builds InfluxDB 2, Telegraf and three Debians'
echo 'test-real: a million steps of the outbox against its model (a minute)'
OUTBOX_STEPS=1000000 go test -count=1 -timeout 30m -run '^TestModel$' ./internal/outbox
# One package at a time: three brokers do not get to their clients in time beside a compiler. With the race detector, because
# `make test` has compiled everything with it.
# shellcheck disable=SC2086 # a list of our own folders, without spaces
go test -p 1 -tags real -race -count=1 -timeout 50m -v -run "^($tests)\$" $packages
