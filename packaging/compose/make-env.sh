#!/bin/sh
# Makes .env of env.example, with random passwords, tokens and a cluster id, and the folder "secrets" beside it, with the passwords of the
# brokers and of their administrator. Usage: make-env.sh NAME-OF-THIS-MACHINE [FILE]
# The name is what the stations reach this machine by, such as central.example or 192.0.2.7. FILE is .env beside this script.
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

# password FILE: without a newline, which Kafka would take for a part of it.
password() {
	random >"$1"
	chmod 0640 "$1" # for the group of who runs this; the brokers' image has a user of its own
}

umask 077
secrets=$(dirname "$env")/secrets
mkdir -p "$secrets"
for user in broker admin; do
	if [ ! -e "$secrets/$user.password" ]; then
		password "$secrets/$user.password"
	fi
done
while IFS= read -r line; do
	case $line in
	'#'*) ;;
	CENTRAL_HOST=) line=$line$1 ;;
	*=) line=$line$(random) ;;
	esac
	printf '%s\n' "$line"
done <"$example" >"$env"
echo "make-env.sh: wrote $env and $secrets; Grafana's user is admin, with the GRAFANA_PASSWORD in it"
echo "make-env.sh: now make the brokers' certificates with stationctl certs, as README.md says"
