// Package faultproxy relays Kafka connections to a broker and injects network faults: it resets connections, holds or slows down their
// data, and drops acknowledgements after the broker has appended the records. Of the Kafka protocol it reads only the frame headers.
package faultproxy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Proxy relays connections to one broker. Its methods can be called at any time.
type Proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu          sync.Mutex
	changed     *sync.Cond
	connections map[*connection]struct{}
	closed      bool
	down, held  bool
	rate        int // bytes per second; 0: no limit
	delay       time.Duration
	loseAcks    int
	lost        int
}

// connection is a client connection and the matching one to the broker.
type connection struct {
	client, broker net.Conn
	// lose has the correlation IDs of the responses to drop.
	lose map[uint32]bool
}

func (c *connection) cut() {
	for _, each := range []net.Conn{c.client, c.broker} {
		if tcp, ok := each.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // close with a reset, not with a FIN
		}
		_ = each.Close()
	}
}

// Start listens on a free port of 127.0.0.1 and relays connections to target.
func Start(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // listens until Close
	if err != nil {
		return nil, fmt.Errorf("cannot listen for the fault proxy: %w", err)
	}
	p := &Proxy{listener: listener, target: target, connections: make(map[*connection]struct{})}
	p.changed = sync.NewCond(&p.mu)
	p.running.Go(p.accept)
	return p, nil
}

// Address returns the address for clients.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Down resets all connections, and new ones on arrival, until it is called with false. A client gets the reset of a new one from connect or
// from its first read or write.
func (p *Proxy) Down(down bool) {
	p.change(func() { p.down = down })
	if down {
		p.Cut()
	}
}

// Cut resets the open connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		c.cut()
	}
}

// Hold keeps the connections open but relays nothing, like a network that drops all packets, until it is called with false.
func (p *Proxy) Hold(held bool) { p.change(func() { p.held = held }) }

// Slow limits each direction to bytesPerSecond and delays each frame. Zeros remove the limit and the delay.
func (p *Proxy) Slow(bytesPerSecond int, delay time.Duration) {
	p.change(func() { p.rate, p.delay = bytesPerSecond, delay })
}

// LoseAcks relays the next n produce requests and resets the connection when the broker responds.
func (p *Proxy) LoseAcks(n int) { p.change(func() { p.loseAcks = n }) }

// LostAcks returns the number of dropped responses.
func (p *Proxy) LostAcks() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

func (p *Proxy) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
	p.changed.Broadcast()
}

// Close stops the proxy. A second call has no effect.
func (p *Proxy) Close() error {
	p.change(func() { p.closed = true })
	err := p.listener.Close()
	p.Cut()
	p.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	c := &connection{client: client, lose: make(map[uint32]bool)}
	var err error
	if c.broker, err = net.DialTimeout("tcp", p.target, 5*time.Second); err != nil { //nolint:noctx // bounded
		c.broker = client
	}
	if err != nil || !p.register(c) {
		c.cut()
		return
	}
	var pumps sync.WaitGroup
	pumps.Go(func() { p.pump(c, c.client, c.broker, p.acceptRequest) })
	pumps.Go(func() { p.pump(c, c.broker, c.client, p.acceptResponse) })
	pumps.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.connections, c)
}

// register reports whether the connection can be used.
func (p *Proxy) register(c *connection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down || p.closed {
		return false
	}
	p.connections[c] = struct{}{}
	return true
}

// pump relays frames until one side closes or accept returns false for a frame, and then resets the connection.
func (p *Proxy) pump(c *connection, from, to net.Conn, accept func(*connection, []byte) bool) {
	defer c.cut()
	var size [4]byte
	for {
		if _, err := io.ReadFull(from, size[:]); err != nil {
			return
		}
		frame := make([]byte, 4+binary.BigEndian.Uint32(size[:]))
		copy(frame, size[:])
		if _, err := io.ReadFull(from, frame[4:]); err != nil {
			return
		}
		if !accept(c, frame) || !p.write(to, frame) {
			return
		}
	}
}

// write sends a frame at the current rate and reports whether it was sent.
func (p *Proxy) write(to net.Conn, frame []byte) bool {
	p.mu.Lock()
	for p.held && !p.closed {
		p.changed.Wait()
	}
	rate, delay := p.rate, p.delay
	p.mu.Unlock()
	time.Sleep(delay)
	for len(frame) > 0 {
		n := len(frame)
		if rate > 0 {
			n = min(n, max(rate/20, 1))
			time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
		}
		if _, err := to.Write(frame[:n]); err != nil {
			return false
		}
		frame = frame[n:]
	}
	return true
}

const produce = 0 // API key

// acceptRequest marks the produce requests whose responses are to be dropped.
func (p *Proxy) acceptRequest(c *connection, frame []byte) bool {
	if len(frame) < 12 || binary.BigEndian.Uint16(frame[4:]) != produce {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loseAcks > 0 {
		p.loseAcks--
		c.lose[binary.BigEndian.Uint32(frame[8:])] = true
	}
	return true
}

// acceptResponse reports whether the client gets the response.
func (p *Proxy) acceptResponse(c *connection, frame []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(frame) >= 8 && c.lose[binary.BigEndian.Uint32(frame[4:])] {
		p.lost++
		return false
	}
	return true
}
