package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/avr"
	"github.com/telegraf-station/telegraf-station/test/bed/influxdb"
	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
	"github.com/telegraf-station/telegraf-station/test/bed/telegraf"
)

// parts are the running parts of the demo.
type parts struct {
	dir     string
	kafka   *kafka.Embedded
	store   *influxdb.Server
	central *process.Process
	sites   []*site
	sketch  *avr.Firmware // runs on the boards; nil without a sketch
}

// site is a station: a simulated Arduino and the Telegraf of its Pi.
type site struct {
	telegraf.Station
	board    *arduino.Board
	telegraf *process.Process
}

// startParts builds what is missing and starts everything. If a part fails, it stops the rest.
func startParts(ctx context.Context, sites int, sketch bool, screen *screen) (*parts, error) {
	dir, err := os.MkdirTemp("", "telegraf-station-demo-")
	if err != nil {
		return nil, err
	}
	p := &parts{dir: dir}
	if err := p.start(ctx, sites, sketch, screen); err != nil {
		p.stop(screen)
		return nil, err
	}
	return p, nil
}

func (p *parts) start(ctx context.Context, sites int, sketch bool, screen *screen) error {
	if sketch {
		compiled, err := avr.Compile(ctx, "uno", nil, screen)
		if err != nil {
			return err
		}
		p.sketch = &compiled
	}
	screen.printf("1/3  Building our Telegraf (a few minutes the first time, then seconds)")
	var binary string
	err := screen.withProgress(func() (err error) {
		binary, err = telegraf.Build(ctx, screen)
		return err
	})
	if err != nil {
		return err
	}
	screen.printf("2/3  Starting InfluxDB 1.8 (one to five minutes the first time) and an embedded Kafka")
	err = screen.withProgress(func() (err error) {
		p.store, err = influxdb.StartV1(ctx, influxdb.Options{Dir: filepath.Join(p.dir, "influxdb"), Log: screen})
		return err
	})
	if err != nil {
		return err
	}
	// One broker per replica of the shipped configuration.
	if p.kafka, err = kafka.StartEmbedded(kafka.EmbeddedOptions{Brokers: 3}); err != nil {
		return err
	}
	screen.printf("     Kafka listens on %s", strings.Join(p.kafka.Addresses(), ", "))
	screen.printf("3/3  Starting the central Telegraf and one Telegraf per station (%d), with the shipped configurations", sites)
	central := telegraf.Central{
		Brokers: p.kafka.Addresses(), URL: p.store.URL(), Token: p.store.Token(), Org: p.store.Organization(), Bucket: p.store.Bucket(),
		RefreshInterval: time.Second,
	}
	if p.central, err = central.Start(binary, filepath.Join(p.dir, "central")); err != nil {
		return err
	}
	for i := range sites {
		if err := p.addSite(binary, i); err != nil {
			return err
		}
	}
	return p.awaitTelegrafs(ctx)
}

// siteNames are the names of the first sites. Further ones are numbered.
var siteNames = []string{"JNU", "GIST", "KAIST"}

func (p *parts) addSite(binary string, i int) error {
	name := fmt.Sprintf("Site%d", i+1)
	if i < len(siteNames) {
		name = siteNames[i]
	}
	added := &site{Station: telegraf.Station{
		Port: filepath.Join(p.dir, name, "ttyACM0"), DeviceID: "RaspberryPi", Site: name, Index: "1", Type: "rasp", Brokers: p.kafka.Addresses(),
	}}
	p.sites = append(p.sites, added)
	var err error
	if added.board, err = arduino.Plug(added.Port); err != nil {
		return err
	}
	added.telegraf, err = added.Start(binary, filepath.Join(p.dir, name))
	return err
}

// startTime limits the wait for a Telegraf to start, which takes less than a second.
const startTime = time.Minute

// awaitTelegrafs returns when all instances have started, so that the first readings do not wait for them.
func (p *parts) awaitTelegrafs(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	const started = "Flush Interval"
	for _, site := range p.sites {
		if err := site.telegraf.WaitForLog(ctx, started); err != nil {
			return err
		}
	}
	return p.central.WaitForLog(ctx, started)
}

// printAddresses prints addresses to copy, and therefore does not truncate lines.
func (p *parts) printAddresses(screen *screen) {
	_, _ = fmt.Fprintf(screen, `
Still running; press Ctrl-C to stop:
  InfluxDB  %[1]s, no password: curl -G '%[1]s/query' --data-urlencode db=station --data-urlencode 'q=SELECT * FROM JNU_rasp LIMIT 5'
  Kafka     %[2]s
  logs      %[3]s
`, p.store.URL(), strings.Join(p.kafka.Addresses(), ","), p.dir)
}

// stopGrace is the time for a Telegraf to send its pending metrics.
const stopGrace = 15 * time.Second

// stop stops all parts, in the direction of the data.
func (p *parts) stop(screen *screen) {
	var errs []error
	for _, site := range p.sites {
		if site.telegraf != nil {
			errs = append(errs, site.telegraf.Stop(stopGrace))
		}
		if site.board != nil {
			errs = append(errs, site.board.Unplug())
		}
	}
	if p.central != nil {
		errs = append(errs, p.central.Stop(stopGrace))
	}
	if p.kafka != nil {
		p.kafka.Close()
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	if err := errors.Join(append(errs, os.RemoveAll(p.dir))...); err != nil {
		screen.printf("Could not stop everything: %v", err)
		return
	}
	screen.printf("Stopped everything.")
}
