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

// readingTimeout limits `telegraf --test`: first_reading_timeout, plus up to ten seconds for the start on a slow Pi.
const readingTimeout = 40 * time.Second

// Reading is the result of `telegraf --test`.
type Reading struct {
	Lines  []string `json:"lines"`  // the readings
	Output string   `json:"output"` // everything that was printed
}

// TakeReading runs `telegraf --test` as the service runs Telegraf: with its user and its variables, without those of this shell.
func TakeReading(ctx context.Context, program, configuration string, variables map[string]string, as Account) (*Reading, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("cannot take a reading: %w; set the program with --telegraf, or use --no-test", err)
	}
	ctx, cancel := context.WithTimeout(ctx, readingTimeout)
	defer cancel()
	output, err := Run(ctx, path, variables, as, "--config", configuration, "--strict-env-handling", "--test")
	reading := &Reading{readings(output), output}
	switch {
	case len(reading.Lines) > 0:
		return reading, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return reading, fmt.Errorf("no reading: %s did not exit within %s", program, readingTimeout)
	case ctx.Err() != nil:
		return reading, ctx.Err()
	case err != nil:
		return reading, fmt.Errorf("no reading: cannot run %s: %w", program, err)
	}
	return reading, fmt.Errorf("no reading: see the messages of %s", program)
}

// Run runs Telegraf as the service does until it exits or ctx is canceled. It returns the output without secrets.
func Run(ctx context.Context, program string, variables map[string]string, as Account, args ...string) (string, error) {
	path, err := filepath.Abs(program)
	if err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, path, args...) //nolint:gosec // chosen by the user
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
	if ctx.Err() != nil && command.Process != nil { // it may have started other processes
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	}
	return withoutSecrets(output.String(), variables), err
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

func withoutSecrets(text string, variables map[string]string) string {
	for name, value := range variables {
		if value != "" && secretName.MatchString(name) {
			text = strings.ReplaceAll(text, value, "***")
		}
	}
	return text
}

// readings returns the readings that `telegraf --test` printed: no metrics of other inputs, no statistics, and no status 2 records of a
// silent board.
func readings(output string) (lines []string) {
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "> ") && !strings.HasPrefix(line, "> internal_") && strings.Contains(line, ",device_id=") && !strings.Contains(line, "status=2i") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}
