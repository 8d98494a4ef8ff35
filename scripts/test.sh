#!/bin/sh
# Runs all tests that need only Go and a C compiler (for the race detector): the unit tests and the end-to-end tests with embedded Kafka.
# Then runs what a Raspberry Pi runs again as 32-bit ARM programs. `go vet` checks all of it.
# Usage: test.sh [short]    short: without the slow tests, the race detector, and ARM
set -eu
cd "$(dirname "$0")/.."

# Most tests wait for timers, brokers, and disks more than they compute, so that four packages share two cores.
parallel="-p $(($(getconf _NPROCESSORS_ONLN) * 2))"

test_short() {
	# Compiled with the flags of our Telegraf, whose build and `make lint` use the same packages in the Go cache.
	# shellcheck disable=SC2086 # a list of flags
	CGO_ENABLED=0 go test $parallel -trimpath -short -timeout 5m ./...
}

# -vet=all is `go vet` on what is compiled anyway.
test_host() {
	race=-race
	case $(go env GOARCH) in
	arm | 386) race= ;; # without a race detector
	esac
	echo 'test: on this machine, with the race detector (six minutes on two cores the first time, which builds Telegraf and InfluxDB 1.8)'
	# shellcheck disable=SC2086 # a list of flags
	go test $parallel $race -vet=all -timeout 30m ./...
}

# GOARM=6 is the first Pi and the Pi Zero. The flags are those of our Telegraf for them, so that Go compiles the common packages once.
# test_host has run the slow tests; none of them depends on the size of an int.
test_arm() {
	export GOOS=linux GOARCH=arm GOARM=6 CGO_ENABLED=0
	if [ "$(go env GOHOSTARCH)" = arm ]; then
		return # test_host has done it
	fi
	qemu=$(command -v qemu-arm || command -v qemu-arm-static || true)
	if [ -z "$qemu" ]; then
		echo 'test: compiling for 32-bit ARM (three minutes the first time); install qemu-arm (Debian: qemu-user) to run the tests'
		go vet -trimpath ./internal/... ./plugins/...
		go test -trimpath -vet=off -c -o /dev/null ./internal/... ./plugins/...
		return
	fi
	echo 'test: as 32-bit ARM programs in qemu-arm (three minutes the first time)'
	# internal/stationctl/doctor runs our programs, which qemu-arm cannot start: it is only compiled.
	go vet -trimpath ./internal/stationctl/doctor
	# shellcheck disable=SC2046,SC2086 # lists of flags and of our own packages, without spaces
	go test $parallel -trimpath -short -vet=all -timeout 30m -exec "$qemu" $(go list ./internal/... ./plugins/... | grep -v /internal/stationctl/doctor)
}

case ${1-} in
short) test_short ;;
'')
	test_host
	test_arm
	;;
*)
	echo "test.sh: unknown argument $1; the only one is \"short\"" >&2
	exit 2
	;;
esac
