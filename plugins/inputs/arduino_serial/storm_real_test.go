//go:build real

package arduino_serial

import (
	"testing"
	"time"
)

// TestTwoHoursOfStorm logs what becomes of damaged lines with each kind of checksum.
func TestTwoHoursOfStorm(t *testing.T) { storm(t, 2*time.Hour) }
