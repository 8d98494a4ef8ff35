// Package outbox implements a bounded, ordered, crash-safe queue of records on disk. README.md has its guarantees and its file format.
//
// # Files, in the order in which a record passes them
//
//	record.go        a record: topic, device, value, sequence number
//	append.go        Append numbers records (sequence.go), makes room (limits.go), writes and syncs them
//	memory.go        AppendInMemory and Persist: records that go to disk only if Kafka does not answer in time
//	topic.go         Next hands records to the sender; Acknowledge, Stall, and Park end that
//	disk.go          the disk goroutine: stores what was acknowledged or parked, reads the next records
//	topic_log.go     the own log of a topic that cannot be delivered while others can
//	parked.go        records that cannot be delivered as they are
//	skips.go         the numbers of parked and dropped records, which the next records list
//
// vanished.go opens a directory again that was removed while in use; note.go is what the lock says about the other files.
//
// Below them: log.go and segment.go append to segments, log_reader.go reads them, log_recovery.go opens them after a crash, quarantine.go
// saves damaged bytes, frame.go and encoding.go are the format, filesystem.go is the operating system, which tests replace. open.go opens
// and closes the directory, inspect.go reads it for stationctl.
//
// # States of a record
//
//	            Append            Next                 Acknowledge
//	numbered ----------> ready ----------> in flight ---------------> acknowledged --> done on disk
//	    |                  ^                |      |
//	    | a limit          +---- Stall -----+      +-- Park --> parked
//	    v
//	 dropped
//
// # Goroutines and locks
//
//	who appends       Append, AppendInMemory, Persist   disk, then mu for moments
//	the sender        Next, Acknowledge, Stall, Park    mu only: never waits for the disk
//	runDisk           catchUp, deliverReplays, checkDir disk, then mu for moments
//	Stats, IsOpen     any goroutine                     mu only
//
// Outbox.disk is held while files are read or written; Outbox.mu only while memory changes. Those who need both lock disk first. The disk
// goroutine runs while the directory is open.
//
// # What syncs where
//
// Append and Persist sync before they return. Acknowledgements are written by the disk goroutine without a sync of their own: the sync of the
// next append covers them. A segment is synced with its first state before it gets its name. Parked files, directories, and topic logs are synced
// when they are created, and the lock when its note changes.
package outbox
