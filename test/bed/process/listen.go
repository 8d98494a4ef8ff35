package process

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// Listen retries every listenPause for listenPatience.
const (
	listenPatience = 2 * time.Second
	listenPause    = 5 * time.Millisecond
)

// Listen is net.Listen for a port that this process has just listened on. Between fork and exec, a program that is being started has copies
// of all descriptors of this process, so that a closed listener keeps its port for some milliseconds. Listen therefore retries for two
// seconds while the address is in use.
func Listen(network, address string) (net.Listener, error) {
	for deadline := time.Now().Add(listenPatience); ; time.Sleep(listenPause) {
		listener, err := net.Listen(network, address)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return listener, err
		}
	}
}
