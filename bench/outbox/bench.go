package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/outbox/probe"
)

const module = "github.com/telegraf-station/telegraf-station/bench/outbox"

// patience is how long a queue may take until it counts as hanging.
const patience = 30 * time.Second

// bench has the folder for the run's files, and the programs that were built into it.
type bench struct {
	folder string
	builds map[string]string
}

// probe returns the program that is built with a candidate alone; goarch is "" for this machine or "arm" for the oldest Raspberry Pi.
func (b *bench) probe(ctx context.Context, c candidate, goarch string) (string, error) {
	key := c.pkg + "." + c.open + "." + goarch
	if path, built := b.builds[key]; built {
		return path, nil
	}
	folder := filepath.Join(b.folder, "build-"+key)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	source := fmt.Sprintf("package main\n\nimport (\n\t%q\n\t%q\n)\n\nfunc main() { probe.Main(%s.%s) }\n",
		module+"/candidates/"+c.pkg, module+"/probe", c.pkg, c.open)
	file, path := filepath.Join(folder, "main.go"), filepath.Join(folder, "probe")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		return "", err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, file) //nolint:gosec // ours
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if goarch != "" {
		build.Env = append(build.Env, "GOARCH="+goarch, "GOARM=6")
	}
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	b.builds[key] = path
	return path, nil
}

// do has the candidate's probe do a task, and reads what it prints.
func (b *bench) do(ctx context.Context, c candidate, result any, task string, args ...string) error {
	program, err := b.probe(ctx, c, "")
	if err != nil {
		return err
	}
	return output(exec.CommandContext(ctx, program, append([]string{task}, args...)...), result) //nolint:gosec // what b built
}

// verify has the candidate open and read what a folder holds. Where that takes too long, it hangs.
func (b *bench) verify(ctx context.Context, c candidate, dir string) (found probe.Found, err error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = b.do(limited, c, &found, "verify", "-dir", dir)
	return found, err
}

func output(command *exec.Cmd, result any) error {
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		return fmt.Errorf("%w: %s", err, head(complaint.String()))
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(out, result)
}

// head is the first line: what follows a Go program's end are its goroutines.
func head(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
