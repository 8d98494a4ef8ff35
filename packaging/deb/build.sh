#!/bin/sh
# Builds build/telegraf-station_VERSION_ARCH.deb, and its lists of modules beside it. Usage: build.sh [--output DIRECTORY] [armhf|arm64|amd64]...   (default: all three)
# Two builds of one commit are the same, byte for byte: SOURCE_DATE_EPOCH is the commit's time unless it is set.
set -eu
umask 022

output=build
if [ "${1:-}" = --output ]; then
	output=$(realpath "$2")
	shift 2
fi
cd "$(dirname "$0")/../.."

# The programs that run here, to write the manual, are this machine's.
unset GOOS GOARCH GOARM

version=$(cat VERSION)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
module=github.com/telegraf-station/telegraf-station
docs=https://$module
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# date_as FORMAT: that of the package.
date_as() {
	LC_ALL=C date --utc --date="@$SOURCE_DATE_EPOCH" "+$1"
}

# put MODE FROM TO: into the package; packed is with gzip.
put() {
	install -D -m "$1" "$2" "$root$3"
}

put_packed() {
	mkdir -p "$(dirname "$root$2.gz")"
	gzip -9n <"$1" >"$root$2.gz"
	chmod 0644 "$root$2.gz"
}

# What armhf is for Go: ARMv6 runs on every Pi.
target() {
	case $1 in
	armhf) echo linux/arm/6 ;;
	arm64 | amd64) echo "linux/$1" ;;
	*)
		echo "build.sh: no architecture \"$1\": give armhf, arm64 or amd64" >&2
		return 2
		;;
	esac
}

put_programs() {
	packaging/programs.sh "$1" "$root/usr/bin"
	go version -m "$root/usr/bin/telegraf" | awk '$1 == "dep" { print $2, $3 }' >"$work/modules.txt"
}

# What each program is made of, in the package and beside it (CycloneDX). Without time and serial number: two builds are one. In Telegraf
# this checkout is a folder, ./station, and has no version.
put_sbom() {
	bom=$output/telegraf-station_${version}_$1.$2.cdx.json
	"$cyclonedx" bin -json -std -short-purls -noserial -notimestamp -version "$3" "$root/usr/bin/$2" |
		sed "s|\./station@(devel)|$module@v$version|; s|\"\./station\"|\"$module\"|; s|\"(devel)\"|\"v$version\"|" >"$bom"
	put 0644 "$bom" "/usr/share/doc/telegraf-station/$2.cdx.json"
}

put_files() {
	put 0644 packaging/systemd/telegraf-station.service /usr/lib/systemd/system/telegraf-station.service
	put 0755 packaging/systemd/wait-for-clock /usr/lib/telegraf-station/wait-for-clock
	put 0644 packaging/udev/65-telegraf-station.rules /usr/lib/udev/rules.d/65-telegraf-station.rules
	put 0644 conf/pi/telegraf.conf /usr/share/telegraf-station/telegraf.conf
	put 0644 packaging/deb/default /usr/share/telegraf-station/default
	put 0644 packaging/deb/lintian-overrides /usr/share/lintian/overrides/telegraf-station
}

put_documents() {
	doc=/usr/share/doc/telegraf-station
	put 0644 packaging/deb/copyright $doc/copyright
	put 0644 "$work/modules.txt" $doc/modules.txt
	put_packed CHANGELOG.md $doc/NEWS.md
	printf 'telegraf-station (%s) stable; urgency=medium\n\n  * See NEWS.md.gz.\n\n -- %s  %s\n' "$version" \
		"$(sed -n 's/^maintainer: //p' packaging/deb/nfpm.yaml)" "$(date_as '%a, %d %b %Y %H:%M:%S +0000')" >"$work/changelog"
	put_packed "$work/changelog" $doc/changelog
	put 0644 conf/pi/telegraf.conf $doc/examples/pi/telegraf.conf
	put 0644 conf/central/telegraf.conf $doc/examples/central/telegraf.conf
	put 0755 conf/central/influxdb-v1-query.sh $doc/examples/central/influxdb-v1-query.sh
	put 0644 plugins/inputs/arduino_serial/sample.conf $doc/examples/inputs.arduino_serial.conf
	put 0644 plugins/outputs/kafka_site/sample.conf $doc/examples/outputs.kafka_site.conf
}

# The manual and the completions of stationctl are made by itself, on this machine.
put_manual() {
	go run ./cmd/stationctl man "$work/man"
	sed -e "s|@VERSION@|$version|; s|@DATE@|$(date_as %Y-%m-%d)|; s|@DOCS@|$docs|" packaging/man/telegraf-station.8 >"$work/telegraf-station.8"
	put_packed "$work/telegraf-station.8" /usr/share/man/man8/telegraf-station.8
	ln -s telegraf-station.8.gz "$root/usr/share/man/man8/telegraf.8.gz"
	for page in "$work"/man/*.1; do
		put_packed "$page" "/usr/share/man/man1/$(basename "$page")"
	done
	for shell in bash zsh fish; do
		go run ./cmd/stationctl completion $shell >"$work/$shell"
	done
	put 0644 "$work/bash" /usr/share/bash-completion/completions/stationctl
	put 0644 "$work/zsh" /usr/share/zsh/vendor-completions/_stationctl
	put 0644 "$work/fish" /usr/share/fish/vendor_completions.d/stationctl.fish
}

build() {
	root=$work/$1
	install -d -m 0755 "$root/usr/bin" "$root/etc/telegraf-station"
	put_programs "$(target "$1")"
	put_sbom "$1" telegraf "$(go list -m -f '{{.Version}}' github.com/influxdata/telegraf)"
	put_sbom "$1" stationctl "v$version"
	put_files
	put_documents
	put_manual
	find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
	DEB_ARCH=$1 DEB_VERSION=$version DEB_ROOT=$root "$nfpm" package --config packaging/deb/nfpm.yaml --packager deb \
		--target "$output/telegraf-station_${version}_$1.deb"
}

nfpm=$(scripts/tool.sh nfpm)
cyclonedx=$(scripts/tool.sh cyclonedx-gomod)
if [ $# -eq 0 ]; then
	set -- armhf arm64 amd64
fi
for arch in "$@"; do
	target "$arch" >/dev/null
done
mkdir -p "$output"
for arch in "$@"; do
	echo "deb: $arch (three minutes the first time)"
	build "$arch"
done
