#!/bin/sh
# Builds InfluxDB 2 (the store of `make test-real`) from its Go module into DIR and prints nothing to stdout.
# Usage: influxdb2.sh DIR
# The build needs a C compiler, clang, protobuf-compiler and cargo (Flux is written in Rust; packages.sh installs them); six
# minutes once, then cached.
set -eu

version=v2.7.12
mkdir -p "$1"
dir=$(cd "$1" && pwd)
binary=$dir/influxd

if [ -x "$binary" ]; then
	echo "InfluxDB $version: cached in $dir" >&2
	exit 0
fi
for tool in go cc clang protoc cargo; do
	if ! command -v "$tool" >/dev/null; then
		echo "influxdb2.sh: $tool is missing: run test/bed/install/packages.sh as root, or install it" >&2
		exit 1
	fi
done

work=$(mktemp -d "$dir/building-XXXXXX")
# Modules are copied with their read-only folders.
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir "$work/bin"

echo "InfluxDB $version: building (about six minutes, once)" >&2
# The build is for this machine, whatever the caller cross-compiles for.
unset GOOS GOARCH GOARM GOFLAGS
# Flux's Rust library is found through InfluxData's own pkg-config, which must be first on PATH.
(cd "$work" && GOBIN=$work/bin go install github.com/influxdata/pkg-config@v0.2.7)

# The Rust of today warns where the Rust of that release did not, and Flux denies warnings.
cat >"$work/bin/rustc-cap-lints" <<'WRAPPER'
#!/bin/sh
exec "$@" --cap-lints allow
WRAPPER
chmod +x "$work/bin/rustc-cap-lints"

# A copy, because the module has a replace directive, which `go install MODULE@VERSION` refuses.
module=$(cd "$work" && go mod download -json "github.com/influxdata/influxdb/v2@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
cp -r "$module" "$work/influxdb"
chmod -R u+w "$work/influxdb"
cd "$work/influxdb"
PATH=$work/bin:$PATH RUSTUP_TOOLCHAIN=stable RUSTC_WRAPPER=$work/bin/rustc-cap-lints CGO_ENABLED=1 \
	go build -o "$work/influxd" -trimpath \
	-ldflags "-s -w -X main.version=$version" ./cmd/influxd >&2
mv "$work/influxd" "$binary"
echo "InfluxDB $version: built in $dir" >&2
