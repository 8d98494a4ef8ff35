package doctor

import (
	"context"
	"net"
	"slices"
)

func (k *connection) tcp(ctx context.Context) (reached []string, r result) {
	reached, err := dial(ctx, k.brokers)
	if err == nil {
		return reached, ok("%d of %d brokers accept connections", len(reached), len(k.brokers))
	}
	down := slices.IndexFunc(k.brokers, func(address string) bool { return !slices.Contains(reached, address) })
	fix := fixStartKafka(k.brokers[down])
	if len(reached) == 0 {
		return nil, failed(fix, "cannot connect to any broker: %v; check that Kafka is running, and the firewall", err)
	}
	return reached, warning(fix, "%v", err)
}

// dial opens and closes a connection to each address.
func dial(ctx context.Context, addresses []string) (reached []string, err error) {
	return forEach(addresses, func(address string) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// fixStartKafka assumes that the service is called kafka.
func fixStartKafka(address string) string {
	return onHost(hostOf(address), "sudo systemctl start kafka")
}

// hostOf returns the host of an address that is known to be valid.
func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}
