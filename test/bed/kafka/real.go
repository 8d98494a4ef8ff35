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
	Brokers int      // 0 means 3; each is one JVM of at most 512 MB heap
	Dir     string   // keeps a folder for each broker: its settings, its data and its broker.log. Required
	Java    []string // more options of the JVM, such as "-XX:TieredStopAtLevel=4" for a benchmark
	// Properties are more of each broker's, such as "log.index.size.max.bytes=65536"; they go with no Settings.
	Properties []string
	Log        io.Writer // is told what is downloaded and started; nil is silent
	// Proxy is given an address of each broker, and returns where clients find it: those that come through there are told of
	// no other. Nil: there is no proxy.
	Proxy func(broker string) (string, error)
	// Data makes the folder for a broker's records, such as on a disk of its own; nil: it is in Dir.
	Data func(node int, dir string) error
	// Authorize has the brokers obey ACLs. What no ACL speaks of is allowed to all; without it they refuse to keep any.
	Authorize bool
	// Admin has clients log in with SCRAM-SHA-512, and the brokers refuse what no ACL allows. This user may do all; others are made by
	// him. It goes with no Proxy.
	Admin Login
	// TLS has clients, and the brokers among themselves, speak TLS. Real.CA is the authority of the brokers' certificates. It needs Admin.
	TLS bool
	// Settings are the properties of a broker in place of ours, such as those of a shipped example; CA is then the authority of its certificates,
	// and Admin logs in by PLAIN. Nil: ours.
	Settings func(all []Node, broker int) (string, error)
	CA       string
	// MaxReauth is how long a login holds: clients that do not log in again by then are cut off. 0: for as long as they are connected.
	MaxReauth time.Duration
}

// Real is a cluster of Apache Kafka 4.3.1 brokers in KRaft mode, each of them a controller as well. Topics have 3 replicas
// unless told otherwise (as many as there are brokers, if those are fewer), and a record is acknowledged when 2 have it
// (min.insync.replicas). No topic is made by itself.
type Real struct {
	brokers   []*broker
	options   Options
	libs      string
	clusterID string
	ca        string // file
}

// StartReal returns when all brokers are up and know each other: about 10 seconds on two cores, and the download of Kafka
// before it, once. Close ends them.
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
		return errors.New("no folder for the brokers: set Dir")
	}
	dir, err := filepath.Abs(o.Dir) // the brokers run inside it
	if err != nil {
		return err
	}
	o.Dir = dir
	if o.Brokers < 0 {
		return fmt.Errorf("%d brokers: give 1 or more", o.Brokers)
	}
	if o.Admin.asked() && o.Proxy != nil {
		return errors.New("clients cannot log in through a proxy: set Admin or Proxy")
	}
	if o.TLS && !o.Admin.asked() {
		return errors.New("brokers speak TLS to clients who log in: set Admin too")
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

// newClusterID is 16 random bytes in the form that Kafka's format tool wants.
func newClusterID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails, as its documentation says
	id[0] &= 0x7f        // else it could begin with "-", and the tool would take it for an option
	return base64.RawURLEncoding.EncodeToString(id)
}

// each does something to all the brokers at once.
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

// Addresses are the brokers' addresses, "127.0.0.1:PORT"; they stay the same when a broker is stopped and started.
func (r *Real) Addresses() []string {
	addresses := make([]string, 0, len(r.brokers))
	for _, b := range r.brokers {
		addresses = append(addresses, b.clients.Address())
	}
	return addresses
}

// CA is the file of the authority that signed the brokers' certificates; empty without TLS.
func (r *Real) CA() string { return r.ca }

// PIDs are the process ids of the brokers that run now.
func (r *Real) PIDs() []int {
	var pids []int
	for _, b := range r.brokers {
		if p := b.running(); p != nil {
			pids = append(pids, p.PID())
		}
	}
	return pids
}

// StopBroker ends broker i (from 0) with SIGTERM, as an operator would: it hands its partitions over first. That needs
// most of the brokers up; without them it takes longer than the 30 seconds that it has, it is killed, and that is an error.
func (r *Real) StopBroker(i int) error {
	b, err := r.broker(i)
	if err != nil {
		return err
	}
	return b.stop()
}

// Kill ends broker i (from 0) at once, like a power cut. The others notice after 4 seconds
// (broker.session.timeout.ms).
func (r *Real) Kill(i int) error {
	b, err := r.broker(i)
	if err != nil {
		return err
	}
	return b.kill()
}

// Freeze stops broker i (from 0) as it is, with its connections open, until Thaw.
func (r *Real) Freeze(i int) error {
	b, err := r.broker(i)
	if err != nil {
		return err
	}
	return b.signal(syscall.SIGSTOP)
}

// Thaw lets a frozen broker go on.
func (r *Real) Thaw(i int) error {
	b, err := r.broker(i)
	if err != nil {
		return err
	}
	return b.signal(syscall.SIGCONT)
}

// StartBroker starts broker i (from 0) again, with its data, and returns when it and the others know each other. It waits
// for as long as the context lasts: without a majority of the brokers, that is for ever.
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
		return nil, fmt.Errorf("no broker %d: there are %d, from 0", i, len(r.brokers))
	}
	return r.brokers[i], nil
}

// Close kills all brokers, which is the fastest: nobody reads their data again. A second call does nothing.
func (r *Real) Close() error {
	return r.each(func(b *broker) error { return errors.Join(b.kill(), b.release()) })
}
