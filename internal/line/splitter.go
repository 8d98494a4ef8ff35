package line

import "bytes"

// Splitter splits a stream of bytes into lines that end in LF, CR, or CRLF. It skips lines longer than the limit.
type Splitter struct {
	// Limit is the maximum length of a line in bytes, without its end.
	Limit int
	// Line is called with each line, without its end. The bytes are valid only during the call.
	Line func(line []byte)
	// Overlong is called once for each skipped line.
	Overlong func()

	pending  []byte
	skipping bool
	afterCR  bool
}

// Write processes the next bytes of the stream.
func (s *Splitter) Write(chunk []byte) {
	for len(chunk) > 0 {
		if s.afterCR && chunk[0] == '\n' {
			chunk = chunk[1:]
		}
		s.afterCR = false
		end := bytes.IndexAny(chunk, "\r\n")
		if end < 0 {
			s.collect(chunk)
			return
		}
		s.collect(chunk[:end])
		s.finish()
		s.afterCR = chunk[end] == '\r'
		chunk = chunk[end+1:]
	}
}

// Pending returns the length of the unfinished line in bytes.
func (s *Splitter) Pending() int { return len(s.pending) }

func (s *Splitter) collect(part []byte) {
	if s.skipping {
		return
	}
	if len(s.pending)+len(part) > s.Limit {
		s.skipping = true
		s.pending = s.pending[:0]
		s.Overlong()
		return
	}
	s.pending = append(s.pending, part...)
}

func (s *Splitter) finish() {
	if !s.skipping {
		s.Line(s.pending)
	}
	s.skipping = false
	s.pending = s.pending[:0]
}
