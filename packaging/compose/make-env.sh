#!/bin/sh
# Makes .env of env.example, with random passwords, tokens and a cluster id. Usage: make-env.sh NAME-OF-THIS-MACHINE [FILE]
# The name is what the stations reach this machine by, such as centre.example or 192.0.2.7. FILE is .env beside this script.
set -eu

example=$(dirname "$0")/env.example
env=${2:-$(dirname "$0")/.env}
if [ -z "${1:-}" ]; then
	echo 'usage: make-env.sh NAME-OF-THIS-MACHINE [FILE]' >&2
	exit 2
fi
if [ -e "$env" ]; then
	echo "make-env.sh: $env is there already; the brokers and InfluxDB know what is in it, and would not know new ones" >&2
	exit 1
fi

# 16 bytes in the alphabet of URLs, as Kafka wants a cluster's id. It must not begin with "-", like an option.
random() {
	head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' | sed 's/^-/A/'
}

umask 077
while IFS= read -r line; do
	case $line in
	'#'*) ;;
	CENTRE_HOST=) line=$line$1 ;;
	*=) line=$line$(random) ;;
	esac
	printf '%s\n' "$line"
done <"$example" >"$env"
echo "make-env.sh: wrote $env; Grafana's user is admin, with the GRAFANA_PASSWORD in it"
