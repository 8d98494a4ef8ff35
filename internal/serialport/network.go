package serialport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// dialTimeout limits the wait for a network port. It is less than the default first_reading_timeout, so that `telegraf --test`
// can report the error.
const dialTimeout = 5 * time.Second

// dial connects to a serial port that another computer shares, e.g. with ser2net.
func dial(ctx context.Context, address string) (Port, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("tcp://%s: %w: %w; check that ser2net is running there", address, ErrUnreachable, err)
	}
	return networkPort{conn, address}, nil
}

// networkPort implements Port for a TCP connection.
type networkPort struct {
	net.Conn
	address string
}

// Read implements Port.
func (n networkPort) Read(chunk []byte) (int, error) {
	count, err := n.Conn.Read(chunk)
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return count, nil
	}
	return count, fmt.Errorf("tcp://%s: %w: %w; check that ser2net is still running there", n.address, ErrLost, err)
}

// Reset is not possible: the raw ports of ser2net carry only bytes.
func (networkPort) Reset() error { return ErrNoReset }

// LineErrors are not available over the network.
func (networkPort) LineErrors() (LineErrors, bool) { return LineErrors{}, false }
