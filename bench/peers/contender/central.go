package contender

import (
	_ "embed"
	"strings"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

//go:embed consumer.js
var consumerJS string

//go:embed stock-central.conf
var stockCentral string

// Names of contenders with targets.
const (
	OurCentral  = "ours"
	NodeBatched = "NodeJS, batched"
	NodeSingle  = "NodeJS, one write a message"
	BareWriter  = "limit: bare writer"
)

// Centrals returns the contenders that move records from Kafka to InfluxDB.
func Centrals() []Contender {
	return []Contender{
		{Name: OurCentral, Paced: true, Full: true, start: ourCentral},
		{Name: NodeBatched, Paced: true, Full: true, start: node("batched")},
		{Name: NodeSingle, Paced: true, Full: true, Share: 0.05, start: node("single")},
		{Name: "stock Telegraf, json_v2", Paced: true, Full: true, start: stockTelegraf(stockCentral)},
		{Name: BareWriter, Full: true, Limit: true, Points: true, Ready: "ready", start: bareWriter},
	}
}

func ourCentral(programs Programs, place Place) ([]process.Command, error) {
	file, err := place.write("telegraf.conf", conf.Central)
	return []process.Command{{
		Path: programs.ours, Args: []string{"--strict-env-handling", "--config", file}, Env: place.environment("KAFKA_BROKERS"),
	}}, err
}

func node(how string) func(Programs, Place) ([]process.Command, error) {
	return func(programs Programs, place Place) ([]process.Command, error) {
		file, err := place.write("consumer.js", consumerJS)
		return []process.Command{{
			Path: "node", Args: []string{file, how},
			Env: append(place.environment("BROKERS"), "NODE_PATH="+programs.node, "TOPIC="+place.Topic(), "SITE="+place.Site, "MEASUREMENT="+place.Measurement()),
		}}, err
	}
}

func bareWriter(programs Programs, place Place) ([]process.Command, error) {
	return []process.Command{{Path: programs.bare, Args: []string{"writer", place.Points()}, Env: place.environment("BROKERS")}}, nil
}

// environment returns the variables for the brokers and InfluxDB.
func (p Place) environment(brokers string) []string {
	return []string{
		brokers + "=" + strings.Join(p.Brokers, ","),
		"INFLUX_URL=" + p.Store.URL(), "INFLUX_TOKEN=" + p.Store.Token(), "INFLUX_ORG=" + p.Store.Organization(), "INFLUX_BUCKET=" + p.Store.Bucket(),
	}
}
