package avr

import (
	"fmt"
	"path/filepath"
)

// board is one that the sketch is for, as arduino-core-avr's boards.txt has it.
type board struct {
	mcu, define, variant string
	flash, ram           int // bytes; flash without the bootloader
}

var boards = map[string]board{
	"uno":  {mcu: "atmega328p", define: "ARDUINO_AVR_UNO", variant: "standard", flash: 32256, ram: 2048},
	"nano": {mcu: "atmega328p", define: "ARDUINO_AVR_NANO", variant: "eightanaloginputs", flash: 30720, ram: 2048},
	"mega": {mcu: "atmega2560", define: "ARDUINO_AVR_MEGA2560", variant: "mega", flash: 253952, ram: 8192},
}

func boardNamed(name string) (board, error) {
	found, ok := boards[name]
	if !ok {
		return board{}, fmt.Errorf("no board %q: give uno, nano or mega", name)
	}
	return found, nil
}

// flags are those of platform.txt for every source file. Debian's avr-gcc 5 leaves DECIMAL_DIG out of float.h in C++11, which
// Arduino's own compiler has.
func (b board) flags() []string {
	return []string{
		"-c", "-g", "-Os", "-ffunction-sections", "-fdata-sections", "-flto", "-mmcu=" + b.mcu, "-DF_CPU=16000000L",
		"-DARDUINO=10819", "-D" + b.define, "-DARDUINO_ARCH_AVR", "-DDECIMAL_DIG=__DECIMAL_DIG__",
		"-I" + filepath.Join(core, "cores/arduino"), "-I" + filepath.Join(core, "variants", b.variant),
		"-I" + filepath.Join(core, "libraries/EEPROM/src"), "-I" + filepath.Join(core, "libraries/SoftwareSerial/src"),
	}
}

// The flags of platform.txt for one language; with own files' warnings as errors, and none for Arduino's.
var (
	cFlags    = []string{"-std=gnu11", "-fno-fat-lto-objects"}
	cppFlags  = []string{"-std=gnu++11", "-fpermissive", "-fno-exceptions", "-fno-threadsafe-statics", "-Wno-error=narrowing"}
	asmFlags  = []string{"-x", "assembler-with-cpp"}
	linkFlags = []string{"-Wall", "-Wextra", "-Werror", "-Os", "-g", "-flto", "-fuse-linker-plugin", "-Wl,--gc-sections"}
	strict    = []string{"-Wall", "-Wextra", "-Werror"}
	silent    = []string{"-w"}
)
