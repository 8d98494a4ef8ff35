#!/bin/sh
# Lets v1 queries (InfluxQL: SELECT * FROM JNU_rasp) find the bucket under a database name, in InfluxDB 2.
# Run it once, after the bucket is made; run again, it says what is there already.
#
#   INFLUX_URL=http://localhost:8086 INFLUX_TOKEN=... ./influxdb-v1-query.sh
#
# INFLUX_ORG, INFLUX_BUCKET and INFLUX_DATABASE are "station" unless set. The token must be allowed to read the bucket and to
# write DBRP mappings. It needs curl.
set -eu

url=${INFLUX_URL:-http://localhost:8086}
org=${INFLUX_ORG:-station}
bucket=${INFLUX_BUCKET:-station}
database=${INFLUX_DATABASE:-station}
: "${INFLUX_TOKEN:?set INFLUX_TOKEN to a token that may write DBRP mappings}"

# call METHOD PATH [BODY]: the answer; curl reads the token from standard input, where no process list shows it.
call() {
	printf 'header = "Authorization: Token %s"\n' "$INFLUX_TOKEN" |
		curl --silent --show-error --fail-with-body --config - --request "$1" \
			--header 'Content-Type: application/json' ${3:+--data "$3"} "$url$2"
}

# first KEY: the first value of that key in the JSON on standard input.
first() {
	tr '{,}' '[\n*]' | sed -n "s/^[[:space:]]*\"$1\":[[:space:]]*\"\([^\"]*\)\".*/\1/p" | head -n 1
}

id=$(call GET "/api/v2/buckets?org=$org&name=$bucket" | first id)
if [ -z "$id" ]; then
	echo "InfluxDB at $url has no bucket \"$bucket\" in organisation \"$org\": make it first" >&2
	exit 1
fi

if call GET "/api/v2/dbrps?org=$org&db=$database" | grep -q '"virtual": *false'; then
	echo "database \"$database\" is mapped already"
	exit 0
fi
call POST /api/v2/dbrps "{\"org\":\"$org\",\"bucketID\":\"$id\",\"database\":\"$database\",\"retention_policy\":\"autogen\",\"default\":true}" >/dev/null
echo "database \"$database\" now shows the bucket \"$bucket\": try  SELECT * FROM JNU_rasp LIMIT 5"
