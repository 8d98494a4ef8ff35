package main

import (
	"fmt"
	"math"
	"strings"
)

// inputs are what the plan past one machine is calculated from.
type inputs struct {
	// Chosen:
	readings        float64 // a second, of a station
	stationsOfASite float64
	topicsOfCluster float64 // most that one cluster should have
	replication     float64
	replicasAdvised float64 // of a broker, by Kafka's makers
	coreUse         float64 // how busy a core may be
	coresOfBroker   float64
	// Measured:
	brokerCPU, centralCPU float64 // s for 100,000 records, with the fleet's costliest number of central Telegraf instances
	influxRate            float64 // records a second that one central Telegraf and InfluxDB took at the most sites, on the cores that they shared with the brokers
	recordBytes           float64
}

func (r results) inputs() inputs {
	last := r.Steps[len(r.Steps)-1]
	in := inputs{
		readings: 1, stationsOfASite: 10, topicsOfCluster: 10_000, replication: 3, replicasAdvised: 4000, coreUse: 0.5, coresOfBroker: 4,
		// A backlog's, if there is no fleet: that is in batches, and takes less.
		brokerCPU: last.Full.Brokers, centralCPU: perHundredThousand(last.Drain.CPU, last.Drain.Records),
		influxRate: last.Drain.perSecond(), recordBytes: 300,
	}
	for _, f := range r.Fleets {
		in.brokerCPU, in.centralCPU = max(in.brokerCPU, f.Load.Brokers), max(in.centralCPU, f.CPU)
	}
	return in
}

// need is what so many stations need.
type need struct {
	stations, sites, clusters, brokers, centrals, stores, perSecond float64
}

// of calculates it: the larger of what topics ask for and what readings ask for.
func (in inputs) of(stations float64) need {
	n := need{stations: stations, sites: math.Ceil(stations / in.stationsOfASite), perSecond: stations * in.readings}
	n.clusters = math.Ceil(n.sites / in.topicsOfCluster)
	byReplicas := n.sites * in.replication / in.replicasAdvised
	byReadings := n.perSecond / 100_000 * in.brokerCPU / in.coreUse / in.coresOfBroker
	n.brokers = n.clusters * math.Ceil(max(3, byReplicas/n.clusters, byReadings/n.clusters))
	// One more in each cluster may fail.
	n.centrals = n.clusters * (1 + math.Ceil(max(1, n.perSecond/100_000*in.centralCPU/in.coreUse/n.clusters)))
	n.stores = math.Ceil(n.perSecond / in.influxRate)
	return n
}

// plan is a table for ever more stations, and what it was calculated from.
func (r results) plan() string {
	if len(r.Steps) == 0 {
		return ""
	}
	in := r.inputs()
	var text strings.Builder
	fmt.Fprintf(&text, `Calculated from it, with %s reading a second of each station, %s stations a site, at most %s topics a cluster, replication factor %s,
at most %s replicas a broker, brokers of %s cores that are %s %% busy; measured: brokers %.2f and a central %.2f CPU s for 100,000 records, and
%s records/s into an InfluxDB that shared two cores with all else:

| stations | sites | records/s | MB/s into Kafka | clusters | brokers | centrals, of a core each | InfluxDB instances, as measured |
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
