package doctor

import (
	"context"
	"strings"
)

// advertised tries the addresses that the brokers advertise, because clients continue with these.
func (k *connection) advertised(ctx context.Context, reached []string) result {
	metadata, err := k.metadata(reached, brokersRequest())
	if err != nil {
		return failed("", "%v", err)
	}
	var addresses []string
	for _, broker := range metadata.Brokers {
		addresses = append(addresses, broker.Addr())
	}
	if _, err := resolve(ctx, addresses); err != nil {
		return failed(onHost(hostOf(reached[0]), "sudoedit /etc/kafka/server.properties  # advertised.listeners: names that this computer can resolve"),
			"the brokers advertise addresses that this computer cannot resolve: %v", err)
	}
	other := &connection{doctor: k.doctor, brokers: addresses}
	if _, r := other.tcp(ctx); r.state != OK {
		return warning(r.fix, "the brokers advertise %s: %s", strings.Join(addresses, ", "), r.text)
	}
	return ok("all %d accept connections", len(addresses))
}
