//go:build !linux

package outbox

import "os"

func dataSync(f *os.File) error { return f.Sync() }

// lockFile relies on the user not to start two agents with one directory.
func lockFile(*os.File) error { return nil }

// Volatile supports only Linux file systems.
func Volatile(string) string { return "" }
