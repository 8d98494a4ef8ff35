package kafka

// Node is a broker for Options.Settings: its folder, which is there, and the addresses that are kept for its listeners. Clients come in by
// Clients.
type Node struct{ Dir, Clients, Inside, Controller string }

// writeSettings writes what the brokers read at their start: ours, or those of Options.Settings.
func (r *Real) writeSettings(custom func(all []Node, broker int) (string, error)) error {
	nodes := make([]Node, 0, len(r.brokers))
	for _, b := range r.brokers {
		nodes = append(nodes, Node{b.dir, b.clients.Address(), b.inside.Address(), b.controller.Address()})
	}
	for i, b := range r.brokers {
		settings := b.settings(r.brokers)
		if custom != nil {
			var err error
			if settings, err = custom(nodes, i); err != nil {
				return err
			}
		}
		if err := b.writeSettings(settings); err != nil {
			return err
		}
	}
	return nil
}
