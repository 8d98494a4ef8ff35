package process

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// Listening is tried for listenPatience, every listenPause.
const (
	listenPatience = 2 * time.Second
	listenPause    = 5 * time.Millisecond
)

// Listen is net.Listen for a port that this process has just listened on. While a program is being started, between fork
// and exec, it holds copies of all descriptors of this process: a listener that was closed in that moment still has its
// port for some milliseconds more. So it tries for two seconds while the address is in use.
func Listen(network, address string) (net.Listener, error) {
	for deadline := time.Now().Add(listenPatience); ; time.Sleep(listenPause) {
		listener, err := net.Listen(network, address)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return listener, err
		}
	}
}
