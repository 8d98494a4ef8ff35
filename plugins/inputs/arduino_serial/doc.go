// Package arduino_serial implements the Telegraf input that reads the readings that boards print over a serial port.
//
// # Files, in the order in which bytes pass them
//
//	reconnect.go      opens the port (internal/serialport), reads it, and reopens it
//	recorder.go       saves the bytes for capture_file (capture/)
//	driver_errors.go  counts the bytes that the driver received with errors
//	lines.go          decodes a line (internal/line), rejects it, or finds its reading
//	position.go       adds the position from GPS sentences
//	sequence.go       counts lost lines and boots by seq and boot
//	station.go        checks a reading (internal/schema) and adds the metric
//	watchdog.go       detects silence, reopens the port, resets the board
//	diagnosis.go      why there is no reading, and what to do about it
//
// arduino_serial.go is what Telegraf calls; options.go, boards.go, and format.go check the options; counters.go has the statistics.
//
// # Goroutines and locks
//
//	Start ---> station.run, one goroutine per board: owns the port and all state of the board
//	Gather --> reads station.state under station.mu; the first call waits for station.firstReading
//	Stop ----> cancels the context, which interrupts reads by a deadline in the past, and waits for run
package arduino_serial
