#!/bin/sh
# Builds the OCI images telegraf-station (the agent on a Pi) and telegraf-station-central (the central Telegraf) for four platforms
# with buildah: no daemon, no registry, no base image. Each becomes an OCI layout, DIRECTORY/NAME, with one manifest list,
# tagged with the version. Usage: build.sh [DIRECTORY]    (default: build/images)
#
# Two builds of one commit have the same digest: times are SOURCE_DATE_EPOCH, or that of the last commit (1970 outside of a git repository).
# buildah stores its data in a directory in $TELEGRAF_STATION_CACHE (~/.cache/telegraf-station) that is deleted when the script exits.
set -eu
cd "$(dirname "$0")/../.."

out=${1:-build/images}
version=$(cat VERSION)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
source=https://github.com/telegraf-station/telegraf-station
# Not a name, because an orchestrator cannot verify that a name is not root; 65532 is also "nonroot" in distroless images.
user=65532:65532
state=/var/lib/telegraf-station
begin=$(date +%s)

say() {
	echo "images, after $(($(date +%s) - begin)) s: $1"
}

command -v buildah >/dev/null || {
	echo 'images: buildah is missing; install it (Debian: buildah), or run test/bed/install/packages.sh as root' >&2
	exit 1
}

cache=${TELEGRAF_STATION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/telegraf-station}/images
mkdir -p "$cache"
work=$(mktemp -d "$cache/work-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# The driver vfs needs no kernel support, so it also works inside a container.
images() {
	buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"
}

# put MODE FILE PATH: the mode does not depend on the umask.
put() {
	install -D -m "$1" "$2" "$work/context/$3"
}

# programs GOARCH GOARM DIRECTORY: the platform-specific part of the images. GOARM is empty except for ARM.
programs() {
	packaging/programs.sh "linux/$1${2:+/$2}" "$work"
	put 755 "$work/telegraf" "$3/usr/bin/telegraf"
	put 755 "$work/stationctl" "$3/usr/bin/stationctl"
}

# configuration FILE: the part of the images that all platforms share.
configuration() {
	put 644 "$1" all/etc/telegraf/telegraf.conf
	put 644 packaging/images/health.conf all/etc/telegraf/telegraf.d/health.conf
	put 644 "$work/ca-certificates.crt" all/etc/ssl/certs/ca-certificates.crt
	put 644 LICENSE all/usr/share/doc/telegraf-station/LICENSE
	find "$work/context" -type d -exec chmod 755 {} +
}

# platform NAME DESCRIPTION STATE GOARCH VARIANT: adds a platform to the manifest list of the image. It contains only what is copied here: no
# shell, no package manager, no libc. With STATE=yes, it has a directory to write to.
#
# Not with `buildah bud --platform linux/arm/v6`: buildah 1.28 would write v7 into the image.
platform() {
	container=$(images from --os linux --arch "$4" scratch)
	images copy --quiet --chown 0:0 "$container" "$work/context/all" / >/dev/null
	images copy --quiet --chown 0:0 "$container" "$work/context/$4$5" / >/dev/null
	if [ "$3" = yes ]; then
		images copy --quiet --chown "$user" "$container" "$work/context/state" "$state" >/dev/null
		images config --volume "$state" "$container"
	fi
	describe "$container" "$1" "$2"
	images config --os linux --arch "$4" --variant "$5" "$container"
	images commit --quiet --rm --format oci --timestamp "$epoch" --identity-label=false --omit-history --manifest "$1" "$container" >/dev/null
}

# describe CONTAINER NAME DESCRIPTION: Telegraf finds /etc/telegraf/telegraf.conf and telegraf.d automatically, so that
# `docker run IMAGE --test` works.
describe() {
	images config --user "$user" --entrypoint '["/usr/bin/telegraf"]' --cmd --strict-env-handling \
		--label org.opencontainers.image.title="$2" \
		--label org.opencontainers.image.description="$3" \
		--label org.opencontainers.image.version="$version" \
		--label org.opencontainers.image.revision="$revision" \
		--label org.opencontainers.image.licenses=MIT \
		--label org.opencontainers.image.source="$source" \
		--label org.opencontainers.image.documentation="$source/tree/main/packaging/images" \
		"$1"
}

# image NAME CONFIGURATION STATE DESCRIPTION
image() {
	say "$1"
	configuration "$2"
	# One after the other, so that the list is always in this order.
	platform "$1" "$4" "$3" amd64 ''
	platform "$1" "$4" "$3" arm64 ''
	platform "$1" "$4" "$3" arm v6
	platform "$1" "$4" "$3" arm v7
	rm -rf "${out:?}/$1"
	images manifest push --quiet --all "$1" "oci:$out/$1:$version"
}

say "version $version, timestamp $(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ) (takes a minute, and ten more to compile the first time)"
mkdir -p "$out" "$work/context/state" "$work/context/all/var/lib"
go run ./packaging/images/cacerts >"$work/ca-certificates.crt"
programs amd64 '' amd64
programs arm64 '' arm64
programs arm 6 armv6
programs arm 7 armv7
image telegraf-station conf/pi/telegraf.conf yes 'Reads an Arduino and writes each reading to the Kafka topic of its site'
image telegraf-station-central conf/central/telegraf.conf no 'Writes the records of all sites from Kafka into InfluxDB'
say "done: $out"
