#!/bin/sh
# Makes a folder that is a small Debian 12 (what Raspberry Pi OS is made of) of another processor, to chroot into. It is built once, in
# three minutes, and kept as an archive in the cache; unpacking it takes seconds. It needs root.
# Usage: debian-root.sh armhf|arm64|amd64 DIRECTORY
set -eu

arch=$1
directory=$2
release=bookworm
# What the README's commands need on a Raspberry Pi OS Lite, and nothing more.
extra=adduser,ca-certificates,curl,gpg,sudo,systemd,udev
cache=${TELEGRAF_STATION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/telegraf-station}/debian
archive=$cache/$release-$arch-3.tar

# emulate CPU FILE: the kernel runs programs of another processor with qemu, until the next boot.
emulate() {
	if [ ! -e /proc/sys/fs/binfmt_misc/register ]; then
		mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
	fi
	if [ ! -e "/proc/sys/fs/binfmt_misc/$1" ]; then
		cat "/usr/lib/binfmt.d/$1.conf" >/proc/sys/fs/binfmt_misc/register
	fi
}

# The mirror that this system has its own packages from.
mirror() {
	# shellcheck disable=SC2016 # names of apt's
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Label: Debian' 'Component: main' 2>/dev/null | head -n 1
}

build() {
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/building-XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' INT TERM
	echo "debian-root.sh: building a Debian $release for $arch (once, in three minutes)" >&2
	debootstrap --variant=minbase --arch="$arch" --include="$extra" "$release" "$work/root" "$(mirror)" >"$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		return 1
	}
	rm -rf "$work/root/var/cache/apt/archives" "$work/root/var/lib/apt/lists"
	mkdir -p "$work/root/var/cache/apt/archives/partial" "$work/root/var/lib/apt/lists/partial"
	tar -C "$work/root" -cf "$work/archive" .
	mv "$work/archive" "$archive"
}

case $arch in
armhf) emulate qemu-arm ;;
arm64) emulate qemu-aarch64 ;;
amd64) extra=$extra,umockdev ;; # pretends that USB devices are there
*)
	echo "debian-root.sh: no architecture \"$arch\": give armhf, arm64 or amd64" >&2
	exit 2
	;;
esac
if [ ! -e "$archive" ]; then
	build
fi
mkdir -p "$directory"
tar -C "$directory" -xf "$archive"
