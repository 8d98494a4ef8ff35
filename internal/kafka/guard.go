package kafka

import (
	"encoding/binary"
	"fmt"
	"net"

	"github.com/IBM/sarama"
)

// Guard makes connections without TLS reject a response that cannot be Kafka's. sarama trusts the length that the first response starts
// with: for a web server's "HTTP" it allocates 1.2 GB, which a Raspberry Pi does not have (sarama 1.61.1, Broker.sendAndReceiveApiVersions).
func Guard(config *sarama.Config) {
	if config.Net.TLS.Enable || config.Net.Proxy.Enable {
		return
	}
	config.Net.Proxy.Enable = true
	config.Net.Proxy.Dialer = Dial(func(network, address string) (net.Conn, error) {
		dialer := net.Dialer{Timeout: config.Net.DialTimeout, KeepAlive: config.Net.KeepAlive, LocalAddr: config.Net.LocalAddr}
		conn, err := dialer.Dial(network, address) //nolint:noctx // the library has none
		if err != nil {
			return nil, err
		}
		return Guarded(conn), nil
	})
}

// Dial adapts a function to the dialer interface of sarama.
type Dial func(network, address string) (net.Conn, error)

// Dial calls d.
func (d Dial) Dial(network, address string) (net.Conn, error) { return d(network, address) }

// Guarded returns a connection whose first response must start with a length that Kafka can send.
func Guarded(conn net.Conn) net.Conn { return &guarded{Conn: conn} }

type guarded struct {
	net.Conn
	head []byte // the first bytes, until there are enough
	sure bool
	// refusal closes the connection: sarama would try an older request on it, whose failure would hide the cause.
	refusal error
}

func (g *guarded) Write(p []byte) (int, error) {
	if g.refusal != nil {
		return 0, g.refusal
	}
	return g.Conn.Write(p)
}

// Read and Write are each called by one goroutine at a time; until the first response, by the same one.
func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if g.sure {
		return n, err
	}
	const lengthBytes, shown = 4, 20
	g.head = append(g.head, p[:n]...)
	if len(g.head) < lengthBytes {
		return n, err
	}
	length := binary.BigEndian.Uint32(g.head)
	if length < lengthBytes || int64(length) > int64(sarama.MaxResponseSize) {
		g.refusal = fmt.Errorf("its first response starts with %q, which is a length too large or too small", g.head[:min(shown, len(g.head))])
		return 0, g.refusal
	}
	g.sure, g.head = true, nil
	return n, err
}
