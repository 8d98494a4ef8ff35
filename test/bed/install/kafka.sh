#!/bin/sh
# Puts Kafka's jars (the real brokers of `make test-real`) into DIR/libs and prints nothing to stdout.
# Usage: kafka.sh DIR
# Needs a JDK or JRE, 17 or newer, and Maven (packages.sh installs them). 15 seconds once, then cached.
set -eu

version=4.3.1
# The logging back end of slf4j 1.7, which Kafka has; the same version as the log4j-core that Kafka asks for.
log4j=2.25.4
dir=$1
libs=$dir/libs

if [ -d "$libs" ]; then
	echo "Kafka $version: cached in $dir" >&2
	exit 0
fi
if ! command -v mvn >/dev/null; then
	echo "kafka.sh: mvn (Maven) is missing: run test/bed/install/packages.sh as root, or install maven" >&2
	exit 1
fi

mkdir -p "$dir"
work=$(mktemp -d "$dir/downloading-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>telegraf-station</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$version</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>$log4j</version>
    </dependency>
  </dependencies>
</project>
POM

echo "Kafka $version: copying its jars with Maven (about 15 seconds with the downloads, once)" >&2
# Maven colors even empty output: print it only if there is text.
if ! mvn --batch-mode --quiet --file "$work/pom.xml" \
	dependency:copy-dependencies -DoutputDirectory="$work/libs" >"$work/maven.log" 2>&1; then
	cat "$work/maven.log" >&2
	exit 1
fi
# Another run may have been faster: its jars are as good, and mv would put ours inside them.
[ -d "$libs" ] || mv "$work/libs" "$libs"
echo "Kafka $version: $(find "$libs" -name '*.jar' | wc -l) jars in $libs" >&2
