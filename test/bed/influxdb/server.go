// Package influxdb runs real InfluxDB servers for a test bed and queries them.
package influxdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// database is the database of version 1, and the organization and the bucket of version 2.
const database = "station"

// Options describe a server.
type Options struct {
	Dir  string    // has the settings, data, and influxd.log. A server in the same directory has the same data. Required
	Port int       // of 127.0.0.1, reserved with process.ReservePort; 0: a free one
	Log  io.Writer // gets progress messages about builds and starts; nil is silent
}

// Server is a running or stopped InfluxDB.
type Server struct {
	dir     string
	command process.Command
	address string
	health  string                          // a path that answers with 2xx when the server is up
	setUp   func(ctx context.Context) error // runs after each start; has no effect if everything exists
	login   login
	client  *http.Client
	ports   []*process.Port // those reserved here, not by the caller

	lock    sync.Mutex
	process *process.Process // of the last start; nil before the first
}

// login is what outputs.influxdb_v2 needs.
type login struct{ token, organization, bucket string }

// newServer reserves a port if none is set, and creates the directory.
func newServer(options Options) (*Server, error) {
	if options.Dir == "" {
		return nil, errors.New("option Dir is required")
	}
	dir, err := filepath.Abs(options.Dir) // influxd runs in it
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Server{dir: dir, client: &http.Client{Transport: &http.Transport{}}}
	if options.Port != 0 {
		s.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(options.Port))
		return s, nil
	}
	port, err := s.reserve()
	if err != nil {
		return nil, err
	}
	s.address = port.Address()
	return s, nil
}

func (s *Server) reserve() (*process.Port, error) {
	port, err := process.ReservePort()
	if err == nil {
		s.ports = append(s.ports, port)
	}
	return port, err
}

// influxd returns the command line, with its output in influxd.log.
func (s *Server) influxd(binary string, args ...string) process.Command {
	return process.Command{Path: binary, Args: args, Dir: s.dir, LogFile: s.path("influxd.log")}
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// URL returns the address for the urls option of outputs.influxdb_v2, "http://127.0.0.1:PORT".
func (s *Server) URL() string { return "http://" + s.address }

// Token returns the value of the token option of outputs.influxdb_v2; for version 1 it is "user:password".
func (s *Server) Token() string { return s.login.token }

// Organization returns the value of the organization option of outputs.influxdb_v2; for version 1 it is empty.
func (s *Server) Organization() string { return s.login.organization }

// Bucket returns the value of the bucket option of outputs.influxdb_v2; for version 1 it is "database/retention policy".
func (s *Server) Bucket() string { return s.login.bucket }

// PID returns the ID of the running process, or 0.
func (s *Server) PID() int {
	if p := s.running(); p != nil {
		return p.PID()
	}
	return 0
}

func (s *Server) running() *process.Process {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.process == nil || s.process.Ended() != nil {
		return nil
	}
	return s.process
}

// Start restarts a stopped server on the same port with its data and returns when it accepts writes and queries. If that fails, the server is
// stopped.
func (s *Server) Start(ctx context.Context) error {
	p, err := s.launch()
	if err != nil {
		return err
	}
	err = s.awaitHealth(ctx, p)
	if err == nil {
		err = s.setUp(ctx)
	}
	if err != nil {
		return errors.Join(err, p.Kill())
	}
	return nil
}

func (s *Server) launch() (*process.Process, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.process != nil && s.process.Ended() == nil {
		return nil, fmt.Errorf("InfluxDB on %s is already running", s.address)
	}
	p, err := process.Start(s.command)
	if err != nil {
		return nil, err
	}
	s.process = p
	return p, nil
}

// healthPause is the time between two health requests.
const healthPause = 20 * time.Millisecond

func (s *Server) awaitHealth(ctx context.Context, p *process.Process) error {
	for {
		_, err := s.do(ctx, http.MethodGet, s.health, nil)
		if err == nil {
			return p.Ended() // another server may have responded on the port if this one could not get it
		}
		select {
		case <-p.Done():
			return fmt.Errorf("cannot start InfluxDB on %s: %w", s.address, p.Ended())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("InfluxDB on %s is not ready: %w", s.address, ctx.Err()), err)
		case <-time.After(healthPause):
		}
	}
}

// stopGrace is the time for the server to write its memory to disk; in tests it takes less than a second.
const stopGrace = 30 * time.Second

// Stop stops the server with SIGTERM, like a reboot. Start restarts it. Stop has no effect on a stopped server.
func (s *Server) Stop() error {
	s.client.CloseIdleConnections()
	if p := s.running(); p != nil {
		return p.Stop(stopGrace)
	}
	return nil
}

// Kill kills the server, like a power cut. Start restarts it.
func (s *Server) Kill() error {
	s.client.CloseIdleConnections()
	if p := s.running(); p != nil {
		return p.Kill()
	}
	return nil
}

// Close stops the server and releases its ports. A second call has no effect.
func (s *Server) Close() error { return errors.Join(s.Stop(), process.ReleasePorts(s.ports...)) }
