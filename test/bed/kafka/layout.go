package kafka

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// Node is a broker for Options.Settings: its existing directory and the addresses reserved for its listeners. Clients is the address for
// clients.
type Node struct{ Dir, Clients, Inside, Controller string }

// layOut reserves all ports before settings are written, because the settings of each broker list all controllers.
func (r *Real) layOut() error {
	for range r.options.Brokers {
		b, err := r.newBroker()
		if err != nil {
			return err
		}
		r.brokers = append(r.brokers, b)
	}
	if err := r.makeAuthority(); err != nil {
		return err
	}
	for _, b := range r.brokers {
		if err := r.prepare(b); err != nil {
			return err
		}
	}
	return nil
}

// newBroker reserves the ports of the next broker and creates its directory.
func (r *Real) newBroker() (*broker, error) {
	ports, err := process.ReservePorts(3)
	if err != nil {
		return nil, err
	}
	o := r.options
	node := len(r.brokers)
	b := &broker{
		node: node, dir: filepath.Join(o.Dir, "broker-"+strconv.Itoa(node)), libs: r.libs, options: o.Java,
		authorize: o.Authorize || o.Admin.required(), admin: o.Admin, plain: o.Settings != nil, maxReauth: o.MaxReauth,
		clients: ports[0], controller: ports[1], inside: ports[2],
	}
	if err := errors.Join(b.hide(o.Proxy), os.MkdirAll(b.dir, 0o700)); err != nil {
		return nil, errors.Join(err, b.release())
	}
	return b, nil
}

// prepare writes the files that the broker reads at startup.
func (r *Real) prepare(b *broker) error {
	if r.options.Data != nil {
		if err := r.options.Data(b.node, filepath.Join(b.dir, "data")); err != nil {
			return err
		}
	}
	if err := r.certify(b); err != nil {
		return err
	}
	first := r.brokers[:r.options.Brokers]
	if r.options.Settings == nil {
		return b.writeSettings(b.settings(first) + "\n" + strings.Join(r.options.Properties, "\n"))
	}
	nodes := make([]Node, 0, len(first))
	for _, other := range first {
		nodes = append(nodes, Node{other.dir, other.clients.Address(), other.inside.Address(), other.controller.Address()})
	}
	settings, err := r.options.Settings(nodes, b.node)
	if err != nil {
		return err
	}
	return b.writeSettings(settings)
}
