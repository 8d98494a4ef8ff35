package influxdb_sites

import (
	"errors"
	"math/rand/v2"

	"github.com/influxdata/telegraf/plugins/outputs/influxdb_v2"
)

// newServers returns a stock plugin for each URL, because only what one server says about a batch can be compared.
func (i *InfluxDBSites) newServers() ([]*influxdb_v2.InfluxDB, error) {
	if err := i.InfluxDB.Init(); err != nil { // sets the default URL
		return nil, err
	}
	servers := make([]*influxdb_v2.InfluxDB, 0, len(i.URLs))
	for _, url := range i.URLs {
		server := i.InfluxDB
		server.URLs = []string{url}
		if err := server.Init(); err != nil {
			return nil, err
		}
		servers = append(servers, &server)
	}
	return servers, nil
}

// Connect prepares the connections. It does not wait for a server.
func (i *InfluxDBSites) Connect() error {
	for _, server := range i.servers {
		if err := server.Connect(); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the connections.
func (i *InfluxDBSites) Close() error {
	var errs []error
	for _, server := range i.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

// inRandomOrder spreads the batches over the servers.
func (i *InfluxDBSites) inRandomOrder() []*influxdb_v2.InfluxDB {
	servers := make([]*influxdb_v2.InfluxDB, 0, len(i.servers))
	for _, n := range rand.Perm(len(i.servers)) { //nolint:gosec // not a secret
		servers = append(servers, i.servers[n])
	}
	return servers
}
