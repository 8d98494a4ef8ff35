// Package firmware holds the Arduino sketch, for the programs that compile it and try it out.
package firmware

import "embed"

// Sketch has the directory "station" with station.ino and its header files.
//
//go:embed station
var Sketch embed.FS
