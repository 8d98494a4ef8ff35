package contender

import (
	_ "embed"
	"strings"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/test/process"
)

//go:embed consumer.js
var consumerJS string

//go:embed stock-centre.conf
var stockCentre string

// The names of contenders that targets speak of.
const (
	OurCentre   = "ours"
	NodeBatched = "NodeJS, batched"
	NodeSingle  = "NodeJS, one write a message"
	BareWriter  = "limit: bare writer"
)

// Centres are the contenders from a record in Kafka to a point in InfluxDB.
func Centres() []Contender {
	return []Contender{
		{Name: OurCentre, Paced: true, Full: true, start: ourCentre},
		{Name: NodeBatched, Paced: true, Full: true, start: node("batched")},
		{Name: NodeSingle, Paced: true, Full: true, Share: 0.05, start: node("single")},
		{Name: "stock Telegraf, json_v2", Paced: true, Full: true, start: stockTelegraf(stockCentre)},
		{Name: BareWriter, Full: true, Limit: true, Points: true, Ready: "ready", start: bareWriter},
	}
}

func ourCentre(programs Programs, place Place) ([]process.Command, error) {
	file, err := place.write("telegraf.conf", conf.Central)
	return []process.Command{{
		Path: programs.ours, Args: []string{"--strict-env-handling", "--config", file}, Env: place.store("KAFKA_BROKERS"),
	}}, err
}

func node(how string) func(Programs, Place) ([]process.Command, error) {
	return func(programs Programs, place Place) ([]process.Command, error) {
		file, err := place.write("consumer.js", consumerJS)
		return []process.Command{{
			Path: "node", Args: []string{file, how},
			Env: append(place.store("BROKERS"), "NODE_PATH="+programs.node, "TOPIC="+place.Topic(), "SITE="+place.Site, "MEASUREMENT="+place.Measurement()),
		}}, err
	}
}

func bareWriter(programs Programs, place Place) ([]process.Command, error) {
	return []process.Command{{Path: programs.bare, Args: []string{"writer", place.Points()}, Env: place.store("BROKERS")}}, nil
}

// store is the environment that names the brokers and InfluxDB.
func (p Place) store(brokers string) []string {
	return []string{
		brokers + "=" + strings.Join(p.Brokers, ","),
		"INFLUX_URL=" + p.Store.URL(), "INFLUX_TOKEN=" + p.Store.Token(), "INFLUX_ORG=" + p.Store.Organization(), "INFLUX_BUCKET=" + p.Store.Bucket(),
	}
}
