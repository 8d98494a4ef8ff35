// Package conf holds the shipped configuration files, for the programs that try them out.
package conf

import _ "embed"

// Pi is the configuration of a station's Telegraf.
//
//go:embed pi/telegraf.conf
var Pi string

// Central is the configuration of the central Telegraf's Telegraf.
//
//go:embed central/telegraf.conf
var Central string

// InfluxDBV1Query is the script that lets v1 queries find the bucket in InfluxDB 2.
//
//go:embed central/influxdb-v1-query.sh
var InfluxDBV1Query string
