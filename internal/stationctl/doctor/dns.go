package doctor

import (
	"context"
	"net"
	"strings"
)

// dns is the first check of a connection, so it also reports invalid options.
func (k *connection) dns(ctx context.Context) result {
	if k.invalid != nil {
		return failed(k.fixEdit("fix the option"), "%v", k.invalid)
	}
	resolved, err := resolve(ctx, k.brokers)
	switch {
	case len(resolved) == 0:
		return failed(k.fixBrokers([]string{"HOST:9092"}), "cannot resolve any broker name: %v; check the network and the spelling", err)
	case err != nil:
		return warning(k.fixBrokers(resolved), "%v", err)
	}
	return ok("%s", strings.Join(resolved, ", "))
}

// resolve looks up the hosts of addresses as Telegraf does.
func resolve(ctx context.Context, addresses []string) (resolved []string, err error) {
	return forEach(addresses, func(address string) error {
		host, _, err := net.SplitHostPort(address)
		if err == nil && net.ParseIP(host) == nil {
			_, err = net.DefaultResolver.LookupHost(ctx, host)
		}
		return err
	})
}
