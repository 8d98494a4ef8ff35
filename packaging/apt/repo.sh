#!/bin/sh
# Creates build/apt, a package repository for any web server, from the packages in build/, and signs it with a key from the gpg keyring.
# Usage: repo.sh [--packages DIRECTORY] [--output DIRECTORY] KEY     (KEY: an ID, fingerprint, or email address)
set -eu
umask 022

packages=
output=
while [ $# -gt 1 ]; do
	case $1 in
	--packages) packages=$(realpath "$2") ;;
	--output) output=$(realpath "$2") ;;
	*) break ;;
	esac
	shift 2
done
cd "$(dirname "$0")/../.."
packages=${packages:-$PWD/build}
output=${output:-$PWD/build/apt}
if [ $# -ne 1 ] || [ -z "$1" ]; then
	echo 'repo.sh: no signing key specified; run "make apt-repo KEY=you@example.org" ("gpg --list-secret-keys" lists your keys, "gpg --quick-gen-key you@example.org" creates one)' >&2
	exit 2
fi
key=$1

# need COMMAND PACKAGE
need() {
	command -v "$1" >/dev/null || {
		echo "repo.sh: $1 is missing; install the Debian package $2" >&2
		exit 1
	}
}

need apt-ftparchive apt-utils
need gpg gpg
gpg --list-secret-keys "$key" >/dev/null 2>&1 || {
	echo "repo.sh: gpg has no secret key \"$key\"; list your keys with \"gpg --list-secret-keys\"" >&2
	exit 1
}
if [ -z "$(find "$packages" -maxdepth 1 -name 'telegraf-station_*.deb')" ]; then
	echo "repo.sh: no package in $packages; run \"make deb\"" >&2
	exit 1
fi

if [ -d "$output" ] && [ -n "$(ls -A "$output")" ] && [ ! -e "$output/dists/stable/InRelease" ]; then
	echo "repo.sh: directory $output is not empty and is not a repository; choose another directory" >&2
	exit 1
fi

# The new repository is created next to the old one, which it then replaces. A client that has just read the old index still finds it by hash.
mkdir -p "$(dirname "$output")"
work=$(mktemp -d "$(dirname "$output")/apt-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$work"
new=$work/new
mkdir -p "$new/pool"
cp "$packages"/telegraf-station_*.deb "$new/pool/"
cd "$new"
for arch in armhf arm64 amd64; do
	index=dists/stable/main/binary-$arch
	mkdir -p "$index/by-hash/SHA256"
	if [ -d "$output/$index/by-hash" ]; then
		find "$output/$index/by-hash/SHA256" -type f -mtime -7 -exec cp -p {} "$index/by-hash/SHA256/" \;
	fi
	apt-ftparchive --arch "$arch" packages pool >"$index/Packages"
	xz --keep "$index/Packages"
	for file in "$index/Packages" "$index/Packages.xz"; do
		cp "$file" "$index/by-hash/SHA256/$(sha256sum <"$file" | cut -d ' ' -f 1)"
	done
done
apt-ftparchive -o APT::FTPArchive::Release::Origin=telegraf-station -o APT::FTPArchive::Release::Label=telegraf-station \
	-o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
	-o APT::FTPArchive::Release::Architectures='armhf arm64 amd64' -o APT::FTPArchive::Release::Components=main \
	-o APT::FTPArchive::Release::Acquire-By-Hash=yes release dists/stable >../Release
mv ../Release dists/stable/Release
gpg --batch --yes --local-user "$key" --clearsign --output dists/stable/InRelease dists/stable/Release
gpg --batch --yes --local-user "$key" --armor --detach-sign --output dists/stable/Release.gpg dists/stable/Release
gpg --batch --export "$key" >telegraf-station.gpg
if [ -e "$output" ]; then
	mv "$output" "$work/old"
fi
mv "$new" "$output"
echo "apt-repo: created $output; serve this directory, and use its URL in the installation commands of the README"
