#!/bin/sh
# Installs, with apt, the packages that `make test-real` needs and that are missing. Usage: packages.sh
# Without root it says what is missing and ends with status 1; with nothing missing it does nothing.
set -eu

packages=
missing=

# need COMMAND PACKAGE: the package has the command.
need() {
	if ! command -v "$1" >/dev/null; then
		missing="$missing $1"
		packages="$packages $2"
	fi
}

# need_file FILE PACKAGE: the package has no command, but this file. ROOT is a folder to look in instead of /, for a test.
need_file() {
	if [ ! -e "${ROOT:-}$1" ]; then
		missing="$missing $2"
		packages="$packages $2"
	fi
}

# Kafka 4's brokers need Java 17 or newer. "1.8.0_402" is Java 8, and 1 is less than 17 as well.
java_is_new() {
	major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
	[ "${major:-0}" -ge 17 ]
}

if ! command -v java >/dev/null || ! java_is_new; then
	missing="$missing java(17+)"
	packages="$packages default-jre-headless"
fi
need mvn maven
need curl curl # conf/central/influxdb-v1-query.sh
need jq jq # the commands of docs/grow.md
# InfluxDB 2 is Go, C and Rust.
need cc "gcc libc6-dev"
need clang clang
need protoc protobuf-compiler
need cargo rustup
need python3 python3 # the sender for MicroPython
# The packages, in Debians of other processors.
need debootstrap debootstrap
need qemu-arm-static qemu-user-static
need dpkg-deb dpkg
need lintian lintian
need apt-ftparchive apt-utils
need gpg gnupg
need xz xz-utils
need strace strace
need systemd-analyze systemd
need buildah buildah # make images, and running what it makes
# The sketch, and the simulated board that it runs on; test/bed/avr/packages.go looks for the same.
need avr-g++ gcc-avr
need_file /usr/lib/avr/include/avr/io.h avr-libc
need_file /usr/share/arduino/hardware/arduino/avr/platform.txt arduino-core-avr
need_file /usr/include/simavr/sim_avr.h libsimavr-dev

if [ -z "$packages" ]; then
	echo "packages.sh: nothing is missing" >&2
	exit 0
fi
echo "packages.sh: missing:$missing" >&2
if [ "$(id -u)" -ne 0 ]; then
	echo "packages.sh: run it as root, or install these packages:$packages" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null; then
	echo "packages.sh: this system has no apt-get: install what is missing by its own means" >&2
	exit 1
fi

apt-get update >&2
# Debian has no rustup before 13: then its cargo has to do.
case " $packages " in
*" rustup "*)
	if [ -z "$(apt-cache search --names-only '^rustup$')" ]; then
		packages="$(echo "$packages" | sed 's/ rustup//') cargo"
	fi
	;;
esac
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $packages >&2
# Debian's rustup comes without a compiler.
if command -v rustup >/dev/null && ! cargo --version >/dev/null 2>&1; then
	rustup default stable >&2
fi
if ! java_is_new; then
	echo "packages.sh: the Java of this system is older than 17, which Kafka needs: install a newer one" >&2
	exit 1
fi
