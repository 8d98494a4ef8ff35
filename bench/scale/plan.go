package main

import (
	"fmt"
	"math"
	"strings"
)

// inputs are the values from which the plan for more than one machine is calculated.
type inputs struct {
	// Chosen:
	readings        float64 // per second and station
	stationsOfASite float64
	topicsOfCluster float64 // maximum for one cluster
	replication     float64
	replicasAdvised float64 // maximum per broker that the Kafka project recommends
	coreUse         float64 // maximum load of a core
	coresOfBroker   float64
	// Measured:
	brokerCPU, centralCPU float64 // s per 100,000 records, for the most expensive number of central Telegraf instances in the fleet
	influxRate            float64 // records per second of one central Telegraf and InfluxDB with the most sites, on cores shared with the brokers
	recordBytes           float64
}

func (r results) inputs() inputs {
	last := r.Steps[len(r.Steps)-1]
	in := inputs{
		readings: 1, stationsOfASite: 10, topicsOfCluster: 10_000, replication: 3, replicasAdvised: 4000, coreUse: 0.5, coresOfBroker: 4,
		// Without a fleet, those of the backlog, which is processed in batches and takes less CPU.
		brokerCPU: last.Full.Brokers, centralCPU: perHundredThousand(last.Drain.CPU, last.Drain.Records),
		influxRate: last.Drain.perSecond(), recordBytes: 300,
	}
	for _, f := range r.Fleets {
		in.brokerCPU, in.centralCPU = max(in.brokerCPU, f.Load.Brokers), max(in.centralCPU, f.CPU)
	}
	return in
}

// need is the hardware for a number of stations.
type need struct {
	stations, sites, clusters, brokers, centrals, stores, perSecond float64
}

// of returns the need for a number of stations: the maximum of what the topics and the readings require.
func (in inputs) of(stations float64) need {
	n := need{stations: stations, sites: math.Ceil(stations / in.stationsOfASite), perSecond: stations * in.readings}
	n.clusters = math.Ceil(n.sites / in.topicsOfCluster)
	byReplicas := n.sites * in.replication / in.replicasAdvised
	byReadings := n.perSecond / 100_000 * in.brokerCPU / in.coreUse / in.coresOfBroker
	n.brokers = n.clusters * math.Ceil(max(3, byReplicas/n.clusters, byReadings/n.clusters))
	// One more in each cluster, in case one fails.
	n.centrals = n.clusters * (1 + math.Ceil(max(1, n.perSecond/100_000*in.centralCPU/in.coreUse/n.clusters)))
	n.stores = math.Ceil(n.perSecond / in.influxRate)
	return n
}

// plan returns a table for growing numbers of stations, and the values that it is calculated from.
func (r results) plan() string {
	if len(r.Steps) == 0 {
		return ""
	}
	in := r.inputs()
	var text strings.Builder
	fmt.Fprintf(&text, `Calculated from these results, with %s reading per second and station, %s stations per site, at most %s topics per cluster, replication factor %s,
at most %s replicas per broker, and brokers with %s cores at %s %% load; measured: %.2f (brokers) and %.2f (central Telegraf) CPU s per 100,000 records, and
%s records/s to an InfluxDB that shared two cores with all programs:

| stations | sites | records/s | MB/s into Kafka | clusters | brokers | central Telegraf instances with a core each | InfluxDB instances like the measured one |
| --- | --- | --- | --- | --- | --- | --- | --- |
`, number(in.readings, 0), number(in.stationsOfASite, 0), number(in.topicsOfCluster, 0), number(in.replication, 0), number(in.replicasAdvised, 0),
		number(in.coresOfBroker, 0), number(100*in.coreUse, 0), in.brokerCPU, in.centralCPU, number(in.influxRate, 0))
	for _, stations := range []float64{10_000, 100_000, 1_000_000} {
		n := in.of(stations)
		text.WriteString("|")
		for _, figure := range []float64{n.stations, n.sites, n.perSecond, n.perSecond * in.recordBytes / 1e6, n.clusters, n.brokers, n.centrals, n.stores} {
			text.WriteString(" " + number(figure, 0) + " |")
		}
		text.WriteString("\n")
	}
	return text.String()
}
