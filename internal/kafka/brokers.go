// Package kafka is the one home of how our parts reach Kafka: the option `brokers` (brokers.go), client configurations (config.go), the
// administrator's client (admin.go), reading what topics hold now (reader.go), the guard against responses that are not Kafka's (guard.go),
// and the fix for a connection error (advice.go).
//
// The plugins use sarama, as Telegraf's own do, and share its options. The operator tool uses franz-go with kadm, by this evidence: on
// sarama, internal/stationctl/site needed 2,808 lines, and looked up a broker and took its answer apart for each kind of request; on
// kadm the same features, with each request bounded by a context, need 2,667. With sarama, a broker that accepted connections and
// never answered blocked "site list" for minutes, and a connection that had timed out once failed each later request.
package kafka

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Parse returns the addresses of the option "brokers". One element may contain several, separated by commas, because an environment
// variable provides a single string.
func Parse(option []string) ([]string, error) {
	var brokers []string
	for _, element := range option {
		for address := range strings.SplitSeq(element, ",") {
			address = strings.TrimSpace(address)
			host, port, err := net.SplitHostPort(address)
			if err != nil || host == "" || port == "" {
				return nil, fmt.Errorf(`option "brokers" must be a list of host:port, e.g. ["kafka-1:9092"] (got %q)`, address)
			}
			brokers = append(brokers, address)
		}
	}
	if len(brokers) == 0 {
		return nil, errors.New(`option "brokers" is required, e.g. brokers = ["kafka-1:9092", "kafka-2:9092", "kafka-3:9092"]`)
	}
	return brokers, nil
}
