// Package conf contains the shipped configuration files, for tests and programs that use them.
package conf

import _ "embed"

// Pi is the configuration of a station's Telegraf.
//
//go:embed pi/telegraf.conf
var Pi string

// Central is the configuration of the central Telegraf.
//
//go:embed central/telegraf.conf
var Central string

// InfluxDBV1Query is the script that makes an InfluxDB 2 bucket available to v1 queries.
//
//go:embed central/influxdb-v1-query.sh
var InfluxDBV1Query string
