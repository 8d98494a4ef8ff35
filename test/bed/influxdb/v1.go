package influxdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/telegraf-station/telegraf-station/test/bed/cache"
)

const packageV1 = "github.com/influxdata/influxdb/cmd/influxd@v1.8.10"

// StartV1 starts InfluxDB 1.8.10 with a database "station" and returns when it accepts writes (also at /api/v2/write) and queries. That takes
// a second, and the first time one to five minutes to build it. It requires no password.
func StartV1(ctx context.Context, options Options) (*Server, error) {
	binary, err := cache.GoInstall(ctx, packageV1, options.Log)
	if err != nil {
		return nil, err
	}
	s, err := newServer(options)
	if err != nil {
		return nil, err
	}
	if err := s.configureV1(binary); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s.begin(ctx, "1.8.10", options.Log)
}

func (s *Server) configureV1(binary string) error {
	backup, err := s.reserve()
	if err != nil {
		return err
	}
	settings := s.path("influxdb.conf")
	s.command = s.influxd(binary, "run", "-config", settings)
	s.health = "/ping"
	s.login = login{token: "station:station", bucket: database + "/autogen"}
	s.setUp = s.createDatabase
	return os.WriteFile(settings, []byte(s.settingsV1(backup.Address())), 0o600)
}

// settingsV1 also sets the port for backups: servers on one machine cannot share the default, 8088.
func (s *Server) settingsV1(backup string) string {
	return fmt.Sprintf(`reporting-disabled = true
bind-address = %q

[meta]
  dir = %q

[data]
  dir = %q
  wal-dir = %q
  query-log-enabled = false

[monitor]
  store-enabled = false

[http]
  bind-address = %q
  auth-enabled = false
  log-enabled = false
`, backup, s.path("meta"), s.path("data"), s.path("wal"), s.address)
}

func (s *Server) createDatabase(ctx context.Context) error {
	_, err := s.Query(ctx, "CREATE DATABASE "+quote(database))
	return err
}

// begin is the first start.
func (s *Server) begin(ctx context.Context, version string, log io.Writer) (*Server, error) {
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if log == nil {
		return s, nil
	}
	if _, err := fmt.Fprintf(log, "InfluxDB %s: listens on %s\n", version, s.URL()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
