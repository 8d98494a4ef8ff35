package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// testTimeout bounds `telegraf --test`: a first reading may take the first_reading_timeout, on a slow Pi the start ten seconds.
const testTimeout = 40 * time.Second

// Reading is what `telegraf --test` showed.
type Reading struct {
	Lines  []string `json:"lines"`  // the readings
	Output string   `json:"output"` // all that it said
}

// takeReading runs Telegraf as the service would be run: its user, its variables, not those of this shell.
func takeReading(ctx context.Context, program, configuration string, variables map[string]string, as account) (*Reading, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("no reading was taken: %w: give its path with --telegraf, or --no-test", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, path, "--config", configuration, "--strict-env-handling", "--test") //nolint:gosec // the user's own choice
	command.Env = serviceEnvironment(variables, as)
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 && as.other {
		command.SysProcAttr.Credential = &syscall.Credential{Uid: as.UID, Gid: as.gid, Groups: as.Groups}
	}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = 5 * time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err = command.Run()
	if ctx.Err() != nil && command.Process != nil { // it may have started others
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	}
	return judge(ctx, program, hide(output.String(), variables[passwordVariable]), err)
}

func serviceEnvironment(variables map[string]string, as account) []string {
	environment := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + as.home, "USER=" + as.Name, "LOGNAME=" + as.Name}
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	slices.Sort(environment)
	return environment
}

// hide takes a password out of what a program said.
func hide(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, "***")
}

// isReading tells a reading from the metrics of other inputs, of our own counters, and from the record of a silent Arduino.
func isReading(line string) bool {
	return strings.HasPrefix(line, "> ") && !strings.HasPrefix(line, "> internal_") && strings.Contains(line, ",device_id=") && !strings.Contains(line, "status=2i")
}

func judge(ctx context.Context, program, output string, err error) (*Reading, error) {
	reading := &Reading{Output: output}
	for line := range strings.Lines(output) {
		if isReading(line) {
			reading.Lines = append(reading.Lines, strings.TrimSpace(line))
		}
	}
	switch {
	case len(reading.Lines) > 0:
		return reading, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return reading, fmt.Errorf("no reading: %s did not end within %s", program, testTimeout)
	case ctx.Err() != nil:
		return reading, ctx.Err()
	case err != nil:
		return reading, fmt.Errorf("no reading: %s could not run: %w", program, err)
	}
	return reading, fmt.Errorf("no reading: %s says why", program)
}
