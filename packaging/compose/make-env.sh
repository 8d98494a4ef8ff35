#!/bin/sh
# Creates .env from env.example, with random passwords, tokens, and a cluster ID, and next to it the directory "secrets" with the passwords
# of the brokers and of the administrator. Usage: make-env.sh NAME-OF-THIS-MACHINE [FILE]
# NAME-OF-THIS-MACHINE is its name or address for stations, such as central.example or 192.0.2.7. FILE defaults to .env in this directory.
set -eu

example=$(dirname "$0")/env.example
env=${2:-$(dirname "$0")/.env}
if [ -z "${1:-}" ]; then
	echo 'usage: make-env.sh NAME-OF-THIS-MACHINE [FILE]' >&2
	exit 2
fi
if [ -e "$env" ]; then
	echo "make-env.sh: $env already exists; keep it, because the brokers and InfluxDB would not accept new values" >&2
	exit 1
fi

# 16 bytes in URL-safe base64, as Kafka requires for a cluster ID. It must not begin with "-", like an option.
random() {
	head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' | sed 's/^-/A/'
}

# password FILE: without a newline, which Kafka would treat as part of the password.
password() {
	random >"$1"
	chmod 0640 "$1" # for the group of the caller; the broker image has its own user
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
echo "make-env.sh: wrote $env and $secrets; log in to Grafana as admin with the GRAFANA_PASSWORD in $env"
echo "make-env.sh: next, create the broker certificates with stationctl certs (see README.md)"
