#!/bin/sh
# Makes an InfluxDB 2 bucket available to v1 queries (InfluxQL: SELECT * FROM JNU_rasp) under a database name.
# Run it once, after the bucket was created. Another run changes nothing.
#
#   INFLUX_URL=http://localhost:8086 INFLUX_TOKEN=... ./influxdb-v1-query.sh
#
# INFLUX_ORG, INFLUX_BUCKET, and INFLUX_DATABASE default to "station". The token must be able to read the bucket and to write DBRP
# mappings. The script requires curl.
set -eu

url=${INFLUX_URL:-http://localhost:8086}
org=${INFLUX_ORG:-station}
bucket=${INFLUX_BUCKET:-station}
database=${INFLUX_DATABASE:-station}
: "${INFLUX_TOKEN:?set INFLUX_TOKEN to a token that may write DBRP mappings}"

# call METHOD PATH [BODY] prints the response. curl reads the token from standard input, so that it is not in the process list.
call() {
	printf 'header = "Authorization: Token %s"\n' "$INFLUX_TOKEN" |
		curl --silent --show-error --fail-with-body --config - --request "$1" \
			--header 'Content-Type: application/json' ${3:+--data "$3"} "$url$2"
}

# first KEY prints the first value of that key in the JSON on standard input.
first() {
	tr '{,}' '[\n*]' | sed -n "s/^[[:space:]]*\"$1\":[[:space:]]*\"\([^\"]*\)\".*/\1/p" | head -n 1
}

id=$(call GET "/api/v2/buckets?org=$org&name=$bucket" | first id)
if [ -z "$id" ]; then
	echo "InfluxDB at $url has no bucket \"$bucket\" in organization \"$org\"; create it first" >&2
	exit 1
fi

if call GET "/api/v2/dbrps?org=$org&db=$database" | grep -q '"virtual": *false'; then
	echo "database \"$database\" is already mapped"
	exit 0
fi
call POST /api/v2/dbrps "{\"org\":\"$org\",\"bucketID\":\"$id\",\"database\":\"$database\",\"retention_policy\":\"autogen\",\"default\":true}" >/dev/null
echo "database \"$database\" now shows bucket \"$bucket\"; try  SELECT * FROM JNU_rasp LIMIT 5"
