package arduino_serial

import (
	"time"

	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial/capture"
)

// recorder writes down every byte for the option `capture_file`. Trouble with that file never stops the reading.
type recorder struct {
	file *capture.File // nil if nothing is to be written down
	log  *repeats
}

func newRecorder(s settings, log *repeats) recorder {
	if s.captureFile == "" {
		return recorder{log: log}
	}
	return recorder{file: capture.NewFile(s.captureFile, s.captureSize), log: log}
}

func (r recorder) event(kind capture.Kind, text []byte) {
	if r.file == nil {
		return
	}
	if err := r.file.Write(capture.Event{Time: time.Now(), Kind: kind, Text: text}); err != nil {
		r.log.warnf("capture", "These bytes are missing in the capture, reading goes on: %v", err)
	}
}

func (r recorder) close() {
	if r.file == nil {
		return
	}
	if err := r.file.Close(); err != nil {
		r.log.warnf("capture", "The capture's end may be missing: %v", err)
	}
}
