// Command bare implements the limits in bench/peers: only the Kafka client library and only the write API of InfluxDB.
//
//	bare producer PORT TOPIC DEVICE BROKERS      send the lines of a port as records, in batches
//	bare send PORT TOPIC DEVICE BROKERS FILE     append each line to a file, sync it, and send it in its own request
//	bare writer FILE                             write line protocol from a file to InfluxDB; after each SIGCONT, what was added
package main

import (
	"fmt"
	"log"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 5 && args[0] == "producer":
		return produce(args[1], args[2], args[3], args[4])
	case len(args) == 6 && args[0] == "send":
		return send(args[1], args[2], args[3], args[4], args[5])
	case len(args) == 2 && args[0] == "writer":
		return write(args[1])
	}
	return fmt.Errorf("invalid arguments %q", args)
}
