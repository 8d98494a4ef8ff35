#!/bin/sh
# Runs all tests that need nothing but Go and a C compiler (of which -race makes use): the unit tests and the whole chain with
# embedded parts; then the tests of what runs on a Raspberry Pi once more as 32-bit ARM programs. All of it with `go vet`.
# Usage: test.sh
set -eu
cd "$(dirname "$0")/.."

# -vet=all is `go vet` on what is compiled anyway.
test_here() {
	race=-race
	case $(go env GOARCH) in
	arm | 386) race= ;; # Go has no race detector for these
	esac
	echo 'test: here, with the race detector (six minutes on two cores the first time, which builds Telegraf and InfluxDB 1.8)'
	go test -p 2 $race -vet=all -timeout 30m ./...
}

# GOARM=6 is the first Pi and the Pi Zero. As our Telegraf for it is built, so that Go compiles what both need only once.
test_arm() {
	export GOOS=linux GOARCH=arm GOARM=6 CGO_ENABLED=0
	if [ "$(go env GOHOSTARCH)" = arm ]; then
		return # test_here has just done it
	fi
	qemu=$(command -v qemu-arm || command -v qemu-arm-static || true)
	if [ -z "$qemu" ]; then
		echo 'test: compiling for 32-bit ARM (three minutes the first time); with qemu-arm (Debian: qemu-user) the tests would run'
		go vet -trimpath ./internal/... ./plugins/...
		go test -trimpath -vet=off -c -o /dev/null ./internal/... ./plugins/...
		return
	fi
	echo 'test: as 32-bit ARM programs in qemu-arm (three minutes the first time)'
	# internal/stationctl/doctor runs our programs, which qemu-arm cannot start: it is compiled only.
	go vet -trimpath ./internal/stationctl/doctor
	# shellcheck disable=SC2046 # a list of our own packages, without spaces
	go test -p 2 -trimpath -vet=all -timeout 30m -exec "$qemu" $(go list ./internal/... ./plugins/... | grep -v /internal/stationctl/doctor)
}

test_here
test_arm
