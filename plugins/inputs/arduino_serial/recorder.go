package arduino_serial

import (
	"time"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial/capture"
)

// recorder saves every byte for the option `capture_file`. An error of that file never stops reading.
type recorder struct {
	file *capture.File // nil without capture_file
	log  *logonce.Log
}

func newRecorder(s settings, log *logonce.Log) recorder {
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
		r.log.Warnf("capture", "Capture file is missing bytes; reading continues: %v", err)
	}
}

func (r recorder) close() {
	if r.file == nil {
		return
	}
	if err := r.file.Close(); err != nil {
		r.log.Warnf("capture", "The end of the capture file may be missing: %v", err)
	}
}
