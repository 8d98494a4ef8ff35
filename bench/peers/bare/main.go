// Command bare is the limits beside which bench/peers stands: what Kafka's client library and InfluxDB's write API do by themselves.
//
//	bare producer PORT TOPIC DEVICE BROKERS      lines of a port as records, in batches
//	bare send PORT TOPIC DEVICE BROKERS FILE     each line appended to a file, synced, and then sent by itself
//	bare writer FILE                             line protocol of a file into InfluxDB, what was added to it after each SIGCONT
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
	return fmt.Errorf("no such limit: %q", args)
}
