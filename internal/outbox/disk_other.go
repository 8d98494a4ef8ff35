//go:build !linux

package outbox

import "os"

func dataSync(f *os.File) error { return f.Sync() }

// lockFile trusts the user not to start two agents with one directory.
func lockFile(*os.File) error { return nil }

// Volatile knows of Linux's file systems only.
func Volatile(string) string { return "" }
