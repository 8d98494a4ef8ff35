package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// defaultHealth is the address in packaging/images/health.conf.
const defaultHealth = "127.0.0.1:8888"

func newHealth() *cobra.Command {
	var address string
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "health",
		Short: "Check whether the agent in this container is healthy",
		Long: `Check whether the agent is healthy: whether metrics flow from one of its inputs
to one of its outputs. An agent that waits for Kafka or InfluxDB is healthy.
This is the health check of the images, which have no shell and no curl.
Elsewhere, it works if the configuration has [[outputs.health]].

The exit code is 1 if the agent reports a problem or does not respond.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return checkHealth(command.Context(), command.OutOrStdout(), address, timeout)
		},
	}
	preset := cmp.Or(os.Getenv("STATION_HEALTH"), defaultHealth)
	command.Flags().StringVar(&address, "address", preset, "`HOST:PORT` of the agent, or $STATION_HEALTH")
	command.Flags().DurationVar(&timeout, "timeout", 5*time.Second, "time limit of the check")
	return command
}

// checkHealth prints the state of the agent, which `docker inspect` shows. Docker accepts only the exit codes 0 and 1, so every failure of the
// agent is a problem that was found.
func checkHealth(ctx context.Context, out io.Writer, address string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return fmt.Errorf("flag --address %q: %w", address, err)
	}
	// Without a proxy: the agent is in this container.
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return found(out, "the agent does not respond: %v", err)
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return found(out, "the agent is not healthy: %s responds %s; no metrics got from its inputs to its outputs recently", address, response.Status)
	}
	_, err = fmt.Fprintln(out, "the agent is healthy")
	return err
}

// found prints a problem.
func found(out io.Writer, format string, args ...any) error {
	if _, err := fmt.Fprintf(out, format+"\n", args...); err != nil {
		return err
	}
	return errFound
}
