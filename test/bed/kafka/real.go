package kafka

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/install"
)

// Options describe a cluster of real brokers.
type Options struct {
	Brokers int      // 0 means 3; each is a JVM with at most 512 MB of heap
	Dir     string   // has a directory for each broker with its settings, data, and broker.log. Required
	Java    []string // more JVM options, such as "-XX:TieredStopAtLevel=4" for a benchmark
	// Properties are added to the properties of each broker, such as "log.index.size.max.bytes=65536". They have no effect with Settings.
	Properties []string
	Log        io.Writer // gets progress messages about downloads and starts; nil is silent
	// Proxy receives the address of each broker and returns the address for clients, which get only such addresses from the brokers. Nil: no
	// proxy.
	Proxy func(broker string) (string, error)
	// Data creates the directory for the records of a broker, for example on a separate disk; nil: in Dir.
	Data func(node int, dir string) error
	// Authorize enables ACLs. Resources without an ACL are open to all users. Without Authorize, brokers reject ACLs.
	Authorize bool
	// Admin requires logins with SCRAM-SHA-512 and denies what no ACL allows. This user has all permissions and creates the other users. Admin
	// cannot be combined with Proxy.
	Admin Login
	// TLS enables TLS for clients and between brokers. Real.CA returns the CA. It requires Admin.
	TLS bool
	// Settings replaces the properties of a broker, for example by those of a shipped example; CA is then the file of the CA, and
	// Admin logs in with PLAIN.
	Settings func(all []Node, broker int) (string, error)
	CA       string
	// MaxReauth limits the lifetime of a login: brokers disconnect clients that do not log in again. 0: no limit.
	MaxReauth time.Duration
}

// Real is a cluster of Apache Kafka 4.3.1 brokers in KRaft mode; each broker is also a controller. By default topics have 3 replicas (or as
// many as there are brokers), and a record is acknowledged when 2 replicas have it (min.insync.replicas). Topics are not created
// automatically.
type Real struct {
	brokers   []*broker
	options   Options
	libs      string
	clusterID string
	ca        string // file
}

// StartReal returns when all brokers are up and connected to each other: about 10 seconds on two cores, after the first download of Kafka.
// Stop them with Close.
func StartReal(ctx context.Context, options Options) (*Real, error) {
	if err := options.fill(); err != nil {
		return nil, err
	}
	libs, err := install.Kafka(ctx, options.Log)
	if err != nil {
		return nil, err
	}
	r := &Real{options: options, libs: libs, clusterID: newClusterID()}
	if err := r.start(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (o *Options) fill() error {
	if o.Dir == "" {
		return errors.New("option Dir is required")
	}
	dir, err := filepath.Abs(o.Dir) // the brokers run inside it
	if err != nil {
		return err
	}
	o.Dir = dir
	if o.Brokers < 0 {
		return fmt.Errorf("option Brokers must be 1 or more (got %d)", o.Brokers)
	}
	if o.Admin.required() && o.Proxy != nil {
		return errors.New("options Admin and Proxy are mutually exclusive")
	}
	if o.TLS && !o.Admin.required() {
		return errors.New("option TLS requires Admin")
	}
	if o.Brokers == 0 {
		o.Brokers = 3
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	return nil
}

func (r *Real) start(ctx context.Context) error {
	if _, err := fmt.Fprintf(r.options.Log, "Kafka: starting %d brokers (about 10 seconds)\n", r.options.Brokers); err != nil {
		return err
	}
	if err := r.layOut(); err != nil {
		return err
	}
	if err := r.each(func(b *broker) error { return b.format(ctx, r.clusterID) }); err != nil {
		return err
	}
	for _, b := range r.brokers {
		if err := b.start(); err != nil {
			return err
		}
	}
	return r.each(func(b *broker) error { return r.awaitReady(ctx, b) })
}

// newClusterID returns 16 random bytes in the form that the Kafka format tool requires.
func newClusterID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails, as its documentation says
	id[0] &= 0x7f        // so that it does not begin with "-", like an option
	return base64.RawURLEncoding.EncodeToString(id)
}

// each calls do for all brokers concurrently.
func (r *Real) each(do func(*broker) error) error {
	results := make(chan error)
	for _, b := range r.brokers {
		go func() { results <- do(b) }()
	}
	var errs []error
	for range r.brokers {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

// Addresses returns the broker addresses, "127.0.0.1:PORT". A restarted broker keeps its address.
func (r *Real) Addresses() []string {
	addresses := make([]string, 0, len(r.brokers))
	for _, b := range r.brokers {
		addresses = append(addresses, b.clients.Address())
	}
	return addresses
}

// CA returns the file of the CA that signed the broker certificates; empty without TLS.
func (r *Real) CA() string { return r.ca }

// PIDs returns the process IDs of the running brokers.
func (r *Real) PIDs() []int {
	var pids []int
	for _, b := range r.brokers {
		if p := b.running(); p != nil {
			pids = append(pids, p.PID())
		}
	}
	return pids
}

// StopBroker stops broker i (from 0) with SIGTERM, as an operator would: it hands over its partitions first. That requires a majority of the
// brokers. If it takes more than 30 seconds, the broker is killed and StopBroker returns an error.
func (r *Real) StopBroker(i int) error {
	b, err := r.broker(i)
	if err != nil {
		return err
	}
	return b.stop()
}

// Kill kills broker i (from 0), like a power cut. The other brokers notice after 4 seconds (broker.session.timeout.ms).
func (r *Real) Kill(i int) error {
	b, err := r.broker(i)
	if err != nil {
		return err
	}
	return b.kill()
}

// Freeze suspends broker i (from 0) with its connections open, until Thaw.
func (r *Real) Freeze(i int) error {
	b, err := r.broker(i)
	if err != nil {
		return err
	}
	return b.signal(syscall.SIGSTOP)
}

// Thaw resumes a frozen broker.
func (r *Real) Thaw(i int) error {
	b, err := r.broker(i)
	if err != nil {
		return err
	}
	return b.signal(syscall.SIGCONT)
}

// StartBroker starts broker i (from 0) with its data and returns when all running brokers are connected to each other. Without a majority of
// the brokers, it waits until the context ends.
func (r *Real) StartBroker(ctx context.Context, i int) error {
	b, err := r.broker(i)
	if err != nil {
		return err
	}
	if err := b.start(); err != nil {
		return err
	}
	return r.awaitReady(ctx, b)
}

func (r *Real) broker(i int) (*broker, error) {
	if i < 0 || i >= len(r.brokers) {
		return nil, fmt.Errorf("no broker %d: the cluster has %d, from 0", i, len(r.brokers))
	}
	return r.brokers[i], nil
}

// Close kills all brokers: their data is not needed again. A second call has no effect.
func (r *Real) Close() error {
	return r.each(func(b *broker) error { return errors.Join(b.kill(), b.release()) })
}
