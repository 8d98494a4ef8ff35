package kafka_site

import (
	"regexp"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/telegraf-station/telegraf-station/internal/logonce"
)

// variable matches what differs between attempts with the same cause: the time in the error of an expired certificate, and our port.
var variable = regexp.MustCompile(`current time \S+|\S+->`)

// reportFailure logs a failed attempt that is retried, unless one with the same cause was logged recently.
func reportFailure(f *logonce.Failure, log telegraf.Logger, now time.Time, err error) {
	f.Report(log, now, variable.ReplaceAllString(err.Error(), ""), err.Error()+"; records stay pending; retrying")
}
