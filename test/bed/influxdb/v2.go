package influxdb

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/telegraf-station/telegraf-station/test/bed/install"
)

// The login that StartV2 creates. It protects nothing: the server listens on 127.0.0.1 during a test.
const (
	userV2     = "station"
	passwordV2 = "station-password"
	tokenV2    = "station-token"
)

// StartV2 starts InfluxDB 2.7.12 with an organization "station", a bucket "station" with unlimited retention, and a token with all
// permissions. That takes a second, and the first time six minutes to build it. It does not create a DBRP mapping.
func StartV2(ctx context.Context, options Options) (*Server, error) {
	binary, err := install.InfluxDB2(ctx, options.Log)
	if err != nil {
		return nil, err
	}
	s, err := newServer(options)
	if err != nil {
		return nil, err
	}
	s.configureV2(binary)
	return s.begin(ctx, "2.7.12", options.Log)
}

func (s *Server) configureV2(binary string) {
	s.command = s.influxd(binary,
		"--http-bind-address", s.address,
		"--bolt-path", s.path("influxd.bolt"),
		"--sqlite-path", s.path("influxd.sqlite"),
		"--engine-path", s.path("engine"),
		"--reporting-disabled",
		"--ui-disabled",
	)
	s.health = "/health"
	s.login = login{token: tokenV2, organization: database, bucket: database}
	s.setUp = s.onboard
}

// onboard sets up a new server; a directory that was used before is already set up.
func (s *Server) onboard(ctx context.Context) error {
	answer, err := s.do(ctx, http.MethodGet, "/api/v2/setup", nil)
	if err != nil {
		return err
	}
	var state struct{ Allowed bool }
	if err := json.Unmarshal(answer, &state); err != nil {
		return fmt.Errorf("cannot determine whether InfluxDB on %s is set up: %w", s.address, err)
	}
	if !state.Allowed {
		return nil
	}
	_, err = s.do(ctx, http.MethodPost, "/api/v2/setup", map[string]any{
		"username": userV2, "password": passwordV2, "token": tokenV2,
		"org": database, "bucket": database, "retentionPeriodSeconds": 0,
	})
	return err
}
