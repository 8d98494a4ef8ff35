// Package capture saves the bytes from a serial port with their times, and reads them again, for tests and for inspection.
//
// A capture is text, with one event per line:
//
//	2026-11-24T02:00:00.123456789Z open "/dev/ttyACM0"
//	2026-11-24T02:00:01.500000000Z read "{\"light\":554}\r\n"
//	2026-11-24T02:00:07.000000000Z close "/dev/ttyACM0"
//
// The text is quoted as by strconv.Quote: every byte as received, \xNN for those that are not ASCII text.
// Empty lines and lines that start with "#" are comments.
package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Kind is the kind of an event.
type Kind string

// The kinds of events.
const (
	Open  Kind = "open"  // the port was opened; Text is its path
	Read  Kind = "read"  // Text came in one read
	Close Kind = "close" // the port was closed or lost; Text is its path
)

// Event is a line of a capture.
type Event struct {
	Time time.Time
	Kind Kind
	Text []byte
}

const timeForm = "2006-01-02T15:04:05.000000000Z"

// String returns the line of the event.
func (e Event) String() string {
	return fmt.Sprintf("%s %s %s\n", e.Time.UTC().Format(timeForm), e.Kind, strconv.QuoteToASCII(string(e.Text)))
}

// maxLine limits a line of a capture: a read has up to 4096 bytes, and a byte takes at most four characters.
const maxLine = 64 << 10

// Parse reads a capture. Its error has the line number.
func Parse(reader io.Reader) ([]Event, error) {
	var events []Event
	lines := bufio.NewScanner(reader)
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		event, err := parseEvent(text)
		if err != nil {
			return nil, fmt.Errorf("line %d of the capture: %w", number, err)
		}
		events = append(events, event)
	}
	return events, lines.Err()
}

func parseEvent(text string) (Event, error) {
	words := strings.SplitN(text, " ", 3)
	if len(words) < 3 {
		return Event{}, errors.New(`expected a time, "open", "read" or "close", and a quoted text`)
	}
	stamp, err := time.Parse(time.RFC3339Nano, words[0])
	if err != nil {
		return Event{}, err
	}
	kind := Kind(words[1])
	if kind != Open && kind != Read && kind != Close {
		return Event{}, fmt.Errorf(`expected "open", "read" or "close" (got %q)`, words[1])
	}
	quoted, err := strconv.Unquote(words[2])
	if err != nil {
		return Event{}, fmt.Errorf("%w: %.80s", err, words[2])
	}
	return Event{Time: stamp, Kind: kind, Text: []byte(quoted)}, nil
}
