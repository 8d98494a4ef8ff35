//go:build real

package grafana

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// shown returns a value with its unit, similar to Grafana.
func shown(unit string, value float64) string {
	switch unit {
	case "celsius":
		return fmt.Sprintf("%.1f °C", value)
	case "conμgm3":
		return fmt.Sprintf("%.2f µg/m³", value)
	case "percentunit":
		return fmt.Sprintf("%.0f%%", 100*value)
	case "cpm":
		return fmt.Sprintf("%.1f /min", value)
	case "bytes":
		return fmt.Sprintf("%.1f MiB", value/(1<<20))
	case "s":
		return duration(time.Duration(value * float64(time.Second)))
	case "dateTimeFromNow":
		return duration(end.Sub(time.UnixMilli(int64(value)))) + " ago"
	}
	text := strconv.FormatFloat(math.Round(10*value)/10, 'f', -1, 64)
	if suffix, found := strings.CutPrefix(unit, "suffix:"); found {
		return text + " " + suffix
	}
	return text
}

func duration(d time.Duration) string {
	switch {
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	case d >= 2*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}
