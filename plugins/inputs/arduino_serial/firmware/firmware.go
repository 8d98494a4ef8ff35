// Package firmware holds the Arduino sketch, for the programs that compile it and try it out.
package firmware

import "embed"

// Sketch has the folder "station" with station.ino and the files beside it.
//
//go:embed station
var Sketch embed.FS
