package contender

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

//go:embed reader.py
var readerPy string

//go:embed flume.properties
var flumeProperties string

//go:embed log4j2.properties
var log4jProperties string

//go:embed stock-station.conf
var stockStation string

// Names of contenders with targets.
const (
	OursAlways    = "ours, durability always"
	OursOnFailure = "ours, durability on_failure"
	Flume         = "Python + Flume"
	BareProducer  = "limit: bare producer"
	BareSend      = "limit: fsync + one send"
)

// Stations returns the contenders that move lines from an Arduino to Kafka.
func Stations() []Contender {
	return []Contender{
		{Name: OursAlways, Paced: true, Full: true, start: ourStation(`durability = "always"`)},
		{Name: OursOnFailure, Paced: true, Full: true, start: ourStation(`durability = "on_failure"`)},
		{Name: Flume, Paced: true, Full: true, start: flume},
		{Name: "stock Telegraf, tail + kafka", Paced: true, Full: true, start: stockTelegraf(stockStation)},
		{Name: BareProducer, Paced: true, Full: true, Limit: true, start: bareProducer},
		{Name: BareSend, Paced: true, Limit: true, start: bareSend},
	}
}

func ourStation(durability string) func(Programs, Place) ([]process.Command, error) {
	return func(programs Programs, place Place) ([]process.Command, error) {
		file, err := place.write("telegraf.conf", strings.Replace(conf.Pi, `# durability = "always"`, durability, 1))
		if err != nil {
			return nil, err
		}
		return []process.Command{{
			Path: programs.ours, Args: []string{"--strict-env-handling", "--config", file},
			Env: []string{
				"STATION_PORT=" + place.Port, "STATION_DEVICE_ID=" + Device,
				"STATION_SITE=" + place.Site, "STATION_INDEX=1", "STATION_TYPE=rasp",
				"KAFKA_BROKERS=" + strings.Join(place.Brokers, ","), "STATION_OUTBOX=" + filepath.Join(place.Dir, "outbox"),
			},
		}}, nil
	}
}

func flume(programs Programs, place Place) ([]process.Command, error) {
	spool := filepath.Join(place.Dir, "spool")
	if err := os.Mkdir(spool, 0o700); err != nil {
		return nil, err
	}
	properties, err := place.fill("flume.properties", flumeProperties)
	if err != nil {
		return nil, err
	}
	logging, err := place.write("log4j2.properties", log4jProperties)
	if err != nil {
		return nil, err
	}
	reader, err := place.write("reader.py", readerPy)
	if err != nil {
		return nil, err
	}
	return []process.Command{
		{Path: "python3", Args: []string{reader, place.Port, spool, Device}, Env: []string{"PYTHONPATH=" + programs.python}},
		{Path: "java", Args: []string{
			"-Xms100m", "-Xmx256m", "-Dlog4j2.configurationFile=" + logging, "-Djava.io.tmpdir=" + place.Dir,
			"-cp", filepath.Join(programs.flume, "*"), "org.apache.flume.node.Application",
			"--name", "agent", "--conf-file", properties, "--no-reload-conf",
		}},
	}, nil
}

// stockTelegraf runs unmodified Telegraf.
func stockTelegraf(configuration string) func(Programs, Place) ([]process.Command, error) {
	return func(programs Programs, place Place) ([]process.Command, error) {
		file, err := place.fill("telegraf.conf", configuration)
		return []process.Command{{Path: programs.stock, Args: []string{"--config", file}}}, err
	}
}

func bareProducer(programs Programs, place Place) ([]process.Command, error) {
	return []process.Command{{
		Path: programs.bare, Args: []string{"producer", place.Port, place.Topic(), Device, strings.Join(place.Brokers, ",")},
	}}, nil
}

func bareSend(programs Programs, place Place) ([]process.Command, error) {
	return []process.Command{{
		Path: programs.bare,
		Args: []string{"send", place.Port, place.Topic(), Device, strings.Join(place.Brokers, ","), filepath.Join(place.Dir, "lines")},
	}}, nil
}
