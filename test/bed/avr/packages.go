// Package avr compiles the project's own sketch and runs it on a simulated Arduino Uno (an ATmega328P in simavr). It needs some
// packages of Debian, which Missing names; nothing of them is needed by the tests of `make test`.
package avr

import (
	"os"
	"os/exec"
	"path/filepath"
)

// core is where Debian's arduino-core-avr puts Arduino's own sources.
const core = "/usr/share/arduino/hardware/arduino/avr"

// Missing names the Debian packages that this package needs and that are not installed. With none missing all of it works.
func Missing() []string {
	var missing []string
	for _, needed := range []struct {
		pkg   string
		there bool
	}{
		{"gcc-avr", command("avr-g++")},
		{"avr-libc", file("/usr/lib/avr/include/avr/io.h")},
		{"arduino-core-avr", file(filepath.Join(core, "platform.txt"))},
		{"gcc", command("cc")},
		{"libsimavr-dev", file("/usr/include/simavr/sim_avr.h")},
	} {
		if !needed.there {
			missing = append(missing, needed.pkg)
		}
	}
	return missing
}

func command(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

func file(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
