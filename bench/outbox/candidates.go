package main

// candidate is a queue: a function of a package below candidates/.
type candidate struct {
	name, pkg, open string
	// tail is the pattern of the files of which one has the last append at its end; empty where an append changes pages in place.
	tail string
}

func candidates() []candidate {
	return []candidate{
		{"internal/outbox", "ours", "Open", "log/*.log"},
		{"segments, growing", "segmentlog", "Open", "*.log"},
		{"segments, zeroed 64 KiB", "segmentlog", "OpenZeroed", "*.log"},
		{"segments, zeroed if small", "segmentlog", "OpenZeroedSmall", "*.log"},
		{"segments, fallocate", "segmentlog", "OpenAllocated", "*.log"},
		{"bbolt", "bolt", "Open", ""},
		{"Pebble", "pebbledb", "Open", "*.log"},
		{"Pebble's record", "pebblerecord", "Open", "*.log"},
		{"SQLite", "sqlite", "Open", "*-wal"},
		{"tidwall/wal", "tidwall", "Open", "0*"},
		{"tidwall/wal as Telegraf", "tidwall", "OpenAsTelegraf", "0*"},
		{"raft-wal", "raftwal", "Open", "*.wal"},
	}
}

// none keeps nothing: its size and memory are those of the probe itself.
var none = candidate{"none", "memory", "Open", ""}

func names(of []candidate) []string {
	var all []string
	for _, c := range of {
		all = append(all, c.name)
	}
	return all
}
