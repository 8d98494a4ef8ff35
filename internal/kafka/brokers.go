// Package kafka reads the option `brokers` that the plugins share.
package kafka

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Parse checks a list of host:port. An element may hold several with commas between them,
// since an environment variable can only fill in one string.
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
		return nil, errors.New(`option "brokers" is missing: it says where Kafka is, e.g. brokers = ["kafka-1:9092", "kafka-2:9092", "kafka-3:9092"]`)
	}
	return brokers, nil
}
