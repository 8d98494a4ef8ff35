package influxdb

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/telegraf-station/telegraf-station/test/bed/install"
)

// The login that StartV2 sets up. It guards nothing: the server listens on 127.0.0.1 while a test runs.
const (
	userV2     = "station"
	passwordV2 = "station-password"
	tokenV2    = "station-token"
)

// StartV2 starts InfluxDB 2.7.12 with an organization "station", a bucket "station" that keeps its data for ever, and a token
// that may do everything: within a second, and six minutes before it, once, to build it. It makes no DBRP mapping.
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

// onboard sets up what a new server has none of; a folder that was used before has it.
func (s *Server) onboard(ctx context.Context) error {
	answer, err := s.do(ctx, http.MethodGet, "/api/v2/setup", nil)
	if err != nil {
		return err
	}
	var state struct{ Allowed bool }
	if err := json.Unmarshal(answer, &state); err != nil {
		return fmt.Errorf("InfluxDB on %s does not say whether it is set up: %w", s.address, err)
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
