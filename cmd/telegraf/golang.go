package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"time"
)

// golang runs the go command in dir (empty: the current directory). Its messages go to logger.
type golang struct {
	dir    string
	env    []string
	logger *log.Logger
}

func (g golang) run(ctx context.Context, args ...string) (stdout []byte, err error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // all arguments are ours or were checked
	cmd.Dir = g.dir
	// Flags, workspace, and experiments of the user would affect the binary. The module proxy remains the user's choice.
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off", "GOEXPERIMENT=")
	cmd.Env = append(cmd.Env, g.env...)
	cmd.Stderr = g.logger.Writer()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // go cleans up on SIGINT, but not on SIGTERM
	cmd.WaitDelay = 10 * time.Second
	if stdout, err = cmd.Output(); err != nil {
		return nil, fmt.Errorf("`go %s` failed (its message is above): %w", args[0], err)
	}
	return stdout, nil
}

func (g golang) json(ctx context.Context, result any, args ...string) error {
	stdout, err := g.run(ctx, args...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(stdout, result); err != nil {
		return fmt.Errorf("cannot parse the output of `go %s`: %w", args[0], err)
	}
	return nil
}
