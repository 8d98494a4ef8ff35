// Package faultproxy stands between Kafka's clients and a broker, and does to the network what networks do: cuts it, holds it, slows it
// down, and loses an acknowledgement after the broker has appended. It knows Kafka's framing and nothing else of the protocol.
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

// Proxy passes connections on to one broker. Its methods may be called at any time.
type Proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu          sync.Mutex
	changed     *sync.Cond
	connections map[*connection]struct{}
	closed      bool
	down, held  bool
	rate        int // bytes a second; 0: no limit
	delay       time.Duration
	loseAcks    int
	lost        int
}

// connection is a client's and the one to the broker.
type connection struct {
	client, broker net.Conn
	// lose are the correlation ids of answers that the client never gets.
	lose map[uint32]bool
}

func (c *connection) cut() {
	for _, each := range []net.Conn{c.client, c.broker} {
		if tcp, ok := each.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, as a cut line gives it
		}
		_ = each.Close()
	}
}

// Start listens on a free port of 127.0.0.1 and passes everything on to the target.
func Start(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens until Close
	if err != nil {
		return nil, fmt.Errorf("no port for a proxy: %w", err)
	}
	p := &Proxy{listener: listener, target: target, connections: make(map[*connection]struct{})}
	p.changed = sync.NewCond(&p.mu)
	p.running.Go(p.accept)
	return p, nil
}

// Address is where clients connect.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Down cuts all connections, and new ones at once, until it is called with false.
func (p *Proxy) Down(down bool) {
	p.change(func() { p.down = down })
	if down {
		p.Cut()
	}
}

// Cut resets the connections that are there.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		c.cut()
	}
}

// Hold keeps all bytes back, and the connections open, until it is called with false: a link that is gone without a word.
func (p *Proxy) Hold(held bool) { p.change(func() { p.held = held }) }

// Slow gives each direction so many bytes a second and so long a delay; 0 and 0 end it.
func (p *Proxy) Slow(bytesPerSecond int, delay time.Duration) {
	p.change(func() { p.rate, p.delay = bytesPerSecond, delay })
}

// LoseAcks lets the next n produce requests reach the broker, and cuts the connection when the answer comes.
func (p *Proxy) LoseAcks(n int) { p.change(func() { p.loseAcks = n }) }

// LostAcks is how many answers were lost so far.
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

// Close ends everything. A second call does nothing.
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
	if err != nil || !p.enter(c) {
		c.cut()
		return
	}
	var pumps sync.WaitGroup
	pumps.Go(func() { p.pump(c, c.client, c.broker, p.request) })
	pumps.Go(func() { p.pump(c, c.broker, c.client, p.answer) })
	pumps.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.connections, c)
}

func (p *Proxy) enter(c *connection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down || p.closed {
		return false
	}
	p.connections[c] = struct{}{}
	return true
}

// pump passes frames on until one side ends; look may refuse one, which cuts the connection.
func (p *Proxy) pump(c *connection, from, to net.Conn, look func(*connection, []byte) bool) {
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
		if !look(c, frame) || !p.pass(to, frame) {
			return
		}
	}
}

// pass writes a frame as fast as the link allows.
func (p *Proxy) pass(to net.Conn, frame []byte) bool {
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

const produce = 0 // the API key

// request notes the produce requests whose answers are to be lost.
func (p *Proxy) request(c *connection, frame []byte) bool {
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

// answer tells whether the client gets an answer.
func (p *Proxy) answer(c *connection, frame []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(frame) >= 8 && c.lose[binary.BigEndian.Uint32(frame[4:])] {
		p.lost++
		return false
	}
	return true
}
