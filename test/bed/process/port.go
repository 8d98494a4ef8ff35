package process

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"golang.org/x/sys/unix"
)

// Port is a TCP port of 127.0.0.1 that the kernel assigns to no other socket until it is released.
//
// If a test listened on port 0 and closed the listener, another test or an outgoing connection could get the same port. Therefore a socket
// that never listens stays bound to it. Linux lets a program that sets SO_REUSEADDR (Go, the JVM, and nearly every server) listen on the
// same port, and again after a restart, but does not assign the port for port 0 or outgoing connections. A connection to it is refused while
// no program listens.
type Port struct {
	socket int
	number int
}

// ReservePort reserves a free port until Release or until this process exits.
func ReservePort() (*Port, error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("no socket to reserve a port with: %w", err)
	}
	number, err := bindLocal(socket)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("no free port on 127.0.0.1: %w", err), unix.Close(socket))
	}
	return &Port{socket: socket, number: number}, nil
}

// bindLocal sets SO_REUSEADDR only after the bind: otherwise the kernel could assign a reserved port.
func bindLocal(socket int) (int, error) {
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	address, err := unix.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	local, ok := address.(*unix.SockaddrInet4)
	if !ok {
		return 0, fmt.Errorf("the socket is bound to %v, which is not IPv4", address)
	}
	return local.Port, nil
}

// ReservePorts reserves several ports, or none.
func ReservePorts(count int) ([]*Port, error) {
	ports := make([]*Port, 0, count)
	for range count {
		port, err := ReservePort()
		if err != nil {
			return nil, errors.Join(err, ReleasePorts(ports...))
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// ReleasePorts releases several ports.
func ReleasePorts(ports ...*Port) error {
	var errs []error
	for _, port := range ports {
		errs = append(errs, port.Release())
	}
	return errors.Join(errs...)
}

// Number returns the port number.
func (p *Port) Number() int { return p.number }

// Address returns "127.0.0.1:NUMBER".
func (p *Port) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.number)) }

// Release releases the port; a second call has no effect.
func (p *Port) Release() error {
	if p.socket < 0 {
		return nil
	}
	socket := p.socket
	p.socket = -1
	return unix.Close(socket)
}
