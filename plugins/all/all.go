// Package all registers every plugin of telegraf-station in the program that imports it.
package all

import (
	// Each package registers its plugin in init.
	_ "github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
	_ "github.com/telegraf-station/telegraf-station/plugins/inputs/kafka_sites"
	_ "github.com/telegraf-station/telegraf-station/plugins/outputs/influxdb_sites"
	_ "github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
	_ "github.com/telegraf-station/telegraf-station/plugins/parsers/station"
	_ "github.com/telegraf-station/telegraf-station/plugins/serializers/station"
)
