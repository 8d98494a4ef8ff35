package serialport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// dialTimeout bounds the wait for a network port. It is less than the default first_reading_timeout, so that `telegraf --test`
// says what is wrong.
const dialTimeout = 5 * time.Second

// dial connects to a serial port that another machine shares, as with ser2net.
func dial(ctx context.Context, address string) (Port, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("tcp://%s: %w: is ser2net running there? (%w)", address, ErrUnreachable, err)
	}
	return networkPort{conn, address}, nil
}

// networkPort reads like a serial port.
type networkPort struct {
	net.Conn
	address string
}

// Read is as Port says.
func (n networkPort) Read(chunk []byte) (int, error) {
	count, err := n.Conn.Read(chunk)
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return count, nil
	}
	return count, n.lost(err)
}

func (n networkPort) lost(err error) error {
	return fmt.Errorf("tcp://%s: %w: is ser2net still running there? (%w)", n.address, ErrLost, err)
}

// Reset is not possible: ser2net's raw ports carry bytes only.
func (networkPort) Reset() error { return ErrNoReset }

// LineErrors are not known here.
func (networkPort) LineErrors() (LineErrors, bool) { return LineErrors{}, false }
