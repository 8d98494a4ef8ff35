package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/telegraf-station/telegraf-station/bench/station"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
)

// runStation has a board print as fast as the Pi's Telegraf reads.
func runStation(binary, pprof string, sample func() error) error {
	running, err := station.Start(binary, "", "--pprof-addr", pprof)
	if err != nil {
		return err
	}
	feeding, end := context.WithCancel(context.Background())
	printed := make(chan int, 1)
	go func() { printed <- feed(feeding, running.Board) }()
	err = sample()
	end()
	log.Printf("%d lines", <-printed) // while somebody reads them
	return errors.Join(err, running.Stop())
}

// feed has the board print until ctx ends.
func feed(ctx context.Context, board *arduino.Board) (n int) {
	for ctx.Err() == nil && board.Print("{"+values(n)+"\r\n") == nil {
		n++
	}
	return n
}

// values are those of the n-th reading.
func values(n int) string {
	return fmt.Sprintf(`"lat":35.17959,"lon":126.90822,"alcohol_gas":%d,"co_gas":117,"temp":%.2f,"light":554,"dust":0.05}`, n%1024, float64(n%16500)/100-40)
}
