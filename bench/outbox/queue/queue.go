// Package queue is what every candidate for the outbox's storage is measured as.
package queue

// Queue holds records in order until they are acknowledged. One goroutine uses it.
type Queue interface {
	// Append puts records behind the others. When it returns nil, they outlive a power cut.
	Append(records [][]byte) error
	// Ack gives up the n oldest records. It need not be on disk before the next Append: what is lost of it is sent again.
	Ack(n int) error
	// Waiting reads from disk the records that are not acknowledged, oldest first. An error of each ends it.
	Waiting(each func(record []byte) error) error
	Close() error
}

// Reporter is a queue that reads on behind damage and tells of it.
type Reporter interface {
	// Damage says what is damaged; empty if nothing is.
	Damage() []string
}

// Open makes the queue that a folder holds, or a new one.
type Open func(dir string) (Queue, error)
