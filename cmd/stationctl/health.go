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

// defaultHealth is where packaging/images/health.conf has Telegraf answer.
const defaultHealth = "127.0.0.1:8888"

func newHealth() *cobra.Command {
	var address string
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "health",
		Short: "Ask the agent of this container whether it is alive",
		Long: `Health asks the agent whether it is alive: whether metrics get from an input to an output of it. An agent that waits for Kafka or
InfluxDB is alive. It is the health check of the images, which have no shell and no curl; elsewhere, the agent answers if its
configuration has [[outputs.health]]. It exits with 1 if the agent says no, or nothing.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return askHealth(command.Context(), command.OutOrStdout(), address, timeout)
		},
	}
	preset := cmp.Or(os.Getenv("STATION_HEALTH"), defaultHealth)
	command.Flags().StringVar(&address, "address", preset, "where the agent answers, host:port; $STATION_HEALTH if that is set")
	command.Flags().DurationVar(&timeout, "timeout", 5*time.Second, "how long to wait for the answer")
	return command
}

// askHealth prints what the agent answers; Docker shows that with `docker inspect`. Every failure is the agent's: Docker takes no status but 0 and 1.
func askHealth(ctx context.Context, out io.Writer, address string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return fmt.Errorf("flag --address %q: %w", address, err)
	}
	// Not through a proxy: the agent is in here.
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return found(out, "the agent does not answer: %v", err)
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return found(out, "the agent answers on %s, but is not well: %s: nothing got from its inputs to its outputs of late", address, response.Status)
	}
	_, err = fmt.Fprintln(out, "the agent is alive")
	return err
}

// found prints what is wrong.
func found(out io.Writer, format string, args ...any) error {
	if _, err := fmt.Fprintf(out, format+"\n", args...); err != nil {
		return err
	}
	return errFound
}
