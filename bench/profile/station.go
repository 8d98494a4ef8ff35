package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/telegraf-station/telegraf-station/bench/station"
	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
)

// runStation simulates a board that prints as fast as the Telegraf of a Pi reads.
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
	log.Printf("%d lines", <-printed) // Telegraf still reads the port
	return errors.Join(err, running.Stop())
}

// feed prints lines until ctx ends and returns their number.
func feed(ctx context.Context, board *arduino.Board) (n int) {
	for ctx.Err() == nil && board.Print("{"+values(n)+"\r\n") == nil {
		n++
	}
	return n
}

// values returns the JSON of the n-th reading without the opening brace.
func values(n int) string {
	return fmt.Sprintf(`"lat":35.17959,"lon":126.90822,"alcohol_gas":%d,"co_gas":117,"temp":%.2f,"light":554,"dust":0.05}`, n%1024, float64(n%16500)/100-40)
}
