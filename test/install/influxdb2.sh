#!/bin/sh
# Builds InfluxDB 2 (the store of `make test-real`) from its Go module into DIR and prints nothing else to stdout.
# Usage: influxdb2.sh DIR
# The build needs clang, protobuf-compiler and cargo (Flux is written in Rust); six minutes once, then cached.
set -eu

version=v2.7.12
dir=$1
binary=$dir/influxd

if [ -x "$binary" ]; then
	echo "InfluxDB $version: cached in $dir" >&2
	exit 0
fi

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir -p "$dir" "$work/bin"

echo "InfluxDB $version: building (about six minutes, once)" >&2
# Flux's Rust library is found through InfluxData's own pkg-config, which must be first on PATH.
GOBIN=$work/bin go install github.com/influxdata/pkg-config@v0.2.7

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
PATH=$work/bin:$PATH RUSTUP_TOOLCHAIN=stable RUSTC_WRAPPER=$work/bin/rustc-cap-lints \
	go build -o "$binary.new" -trimpath \
	-ldflags "-s -w -X main.version=$version" ./cmd/influxd >&2
mv "$binary.new" "$binary"
