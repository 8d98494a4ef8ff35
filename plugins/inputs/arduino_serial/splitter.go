package arduino_serial

import "bytes"

// splitter cuts a stream of bytes into lines that end in LF, CR or CRLF.
// A line longer than its limit is given up, up to its end.
type splitter struct {
	limit int
	// line is called with each line, without its end; the bytes are valid during the call only.
	line func(line []byte)
	// overlong is called once for each line that was given up.
	overlong func()

	pending  []byte
	skipping bool
	afterCR  bool
}

// write takes the next bytes of the stream.
func (s *splitter) write(chunk []byte) {
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

func (s *splitter) collect(part []byte) {
	if s.skipping {
		return
	}
	if len(s.pending)+len(part) > s.limit {
		s.skipping = true
		s.pending = s.pending[:0]
		s.overlong()
		return
	}
	s.pending = append(s.pending, part...)
}

func (s *splitter) finish() {
	if !s.skipping {
		s.line(s.pending)
	}
	s.skipping = false
	s.pending = s.pending[:0]
}
