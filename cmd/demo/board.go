package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/avr"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// The values of --board.
const (
	boardAuto = "auto" // avr where its packages are installed, else go
	boardAVR  = "avr"  // the project's sketch on a simulated ATmega328P
	boardGo   = "go"   // lines that this program makes up
)

// chooseBoard settles --board, given the packages that avr would need, and tells what became of it.
func chooseBoard(wanted string, missing []string) (sketch bool, told string, err error) {
	const made = "The Arduinos are simulated by this program"
	packages := strings.Join(missing, " ")
	switch {
	case wanted == boardGo:
		return false, made, nil
	case wanted != boardAuto && wanted != boardAVR:
		return false, "", fmt.Errorf("--board must be auto, avr or go (got %q)", wanted)
	case len(missing) == 0:
		return true, "Each Arduino is a simulated ATmega328P that runs the project's sketch", nil
	case wanted == boardAVR:
		return false, "", fmt.Errorf("--board avr needs these packages: %s: install them, or use --board go", packages)
	}
	return false, made + "; with these packages it would run the project's sketch on a simulated ATmega328P: " + packages, nil
}

// runBoards lets the sketch print on each site's board.
func runBoards(ctx context.Context, p *parts, latencies []*latency, screen *screen) (err error) {
	var running []*process.Process
	defer func() {
		for _, board := range running {
			err = errors.Join(err, board.Stop(stopGrace))
		}
	}()
	ended := make(chan error, len(p.sites))
	for i, site := range p.sites {
		board, err := avr.Start(ctx, avr.Options{
			Firmware: *p.sketch, Script: wave(i), Dir: filepath.Join(p.folder, site.Site), RealTime: true,
			Output: &lineWriter{to: site.board, line: func(text string) {
				screen.printf("%-7s %-12s %s", "line", site.Topic(), text)
				latencies[i].printed()
			}},
		})
		if err != nil {
			return fmt.Errorf("the Arduino of %s does not run: %w", site.Site, err)
		}
		running = append(running, board)
		go func() {
			<-board.Done()
			ended <- board.Ended()
		}()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return err
	}
}

// lineWriter passes bytes on, and tells of each line before its newline goes.
type lineWriter struct {
	to   io.Writer
	line func(text string)
	text []byte
}

func (w *lineWriter) Write(bytes []byte) (int, error) {
	for i, one := range bytes {
		if one == '\n' {
			w.line(strings.TrimSpace(string(w.text)))
			w.text = w.text[:0]
		} else {
			w.text = append(w.text, one)
		}
		if _, err := w.to.Write(bytes[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(bytes), nil
}

// wave is what the pins of a site's board have: near the reference values, in a slow motion that repeats each minute, and a GPS
// that says its position each second.
func wave(site int) *avr.Script {
	const seconds = 60
	script := new(avr.Script)
	rmc, gga := avr.Position(21107754+6000*site, 76144932)
	for i := range seconds {
		at := time.Duration(i) * time.Second
		swing := math.Sin(2*math.Pi*float64(i)/seconds + float64(site))
		v := avr.Reference()
		for pin, most := range map[avr.Pin]float64{avr.AlcoholGas: 15, avr.CoGas: 50, avr.Light: 500, avr.Temperature: 20, avr.Dust: 12} {
			v[pin] += int(math.Round(most * swing))
		}
		script.Voltages(at, v).GPS(at+100*time.Millisecond, rmc).GPS(at+100*time.Millisecond, gga)
	}
	return script.Repeat(seconds * time.Second)
}
