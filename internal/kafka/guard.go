package kafka

import (
	"encoding/binary"
	"fmt"
	"net"

	"github.com/IBM/sarama"
)

// Guard has connections without TLS refuse an answer that cannot be Kafka's. The client library believes the length that its first
// answer begins with: of a web server's "HTTP" it would take 1.2 GB, which a Raspberry Pi does not have (tried, in sarama 1.61.1,
// Broker.sendAndReceiveApiVersions).
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

// Dial is a function as the client library wants a dialer.
type Dial func(network, address string) (net.Conn, error)

// Dial calls it.
func (d Dial) Dial(network, address string) (net.Conn, error) { return d(network, address) }

// Guarded is a connection whose first answer must begin with a length that Kafka's can have.
func Guarded(conn net.Conn) net.Conn { return &guarded{Conn: conn} }

type guarded struct {
	net.Conn
	head []byte // the first bytes, until there are enough
	sure bool
	// refusal ends the connection: the library tries an older request on it, whose failure would hide why.
	refusal error
}

func (g *guarded) Write(p []byte) (int, error) {
	if g.refusal != nil {
		return 0, g.refusal
	}
	return g.Conn.Write(p)
}

// Read is called by one goroutine at a time, and so is Write; until the first answer both are by the same.
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
		g.refusal = fmt.Errorf("its first answer begins with %q, which is a length too large or too small", g.head[:min(shown, len(g.head))])
		return 0, g.refusal
	}
	g.sure, g.head = true, nil
	return n, err
}
