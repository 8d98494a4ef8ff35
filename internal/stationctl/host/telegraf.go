package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// TakeReading runs `telegraf --test` as the service would be run: its user, its variables, not those of this shell.
func TakeReading(ctx context.Context, program, configuration string, variables map[string]string, as Account) (*Reading, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("no reading was taken: %w: give its path with --telegraf, or --no-test", err)
	}
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	output, err := Run(ctx, path, variables, as, "--config", configuration, "--strict-env-handling", "--test")
	return judge(ctx, program, output, err)
}

// Run runs Telegraf as the service would be run, until it or the context ends, and returns what it says, without the variables that are secrets.
func Run(ctx context.Context, program string, variables map[string]string, as Account, args ...string) (string, error) {
	path, err := filepath.Abs(program)
	if err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, path, args...) //nolint:gosec // the user's own choice
	command.Env = environment(variables, as)
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 && as.Other {
		command.SysProcAttr.Credential = &syscall.Credential{Uid: as.UID, Gid: as.GID, Groups: as.Groups}
	}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = 5 * time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err = command.Run()
	if ctx.Err() != nil && command.Process != nil { // it may have started others
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	}
	return hide(output.String(), variables), err
}

func environment(variables map[string]string, as Account) []string {
	all := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + as.Home, "USER=" + as.Name, "LOGNAME=" + as.Name}
	for name, value := range variables {
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	return all
}

var secretName = regexp.MustCompile(`(?i)(password|passwd|secret|token|_key)$`)

// hide takes secrets out of what a program said.
func hide(text string, variables map[string]string) string {
	for name, value := range variables {
		if value != "" && secretName.MatchString(name) {
			text = strings.ReplaceAll(text, value, "***")
		}
	}
	return text
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
