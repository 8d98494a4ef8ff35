// Package process runs the real programs of a test bed, each in its own process group with captured output, and leaves none behind.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Command describes a program to run.
type Command struct {
	Path string   // a file, or a name to look up on PATH
	Args []string // without the program name
	Env  []string // "NAME=value", added to the environment of this process
	Dir  string   // working directory; empty: that of this process

	LogFile string    // the output is appended to this file, which is created if it does not exist; empty: no file
	Output  io.Writer // also gets the output, if it is not nil; written by one goroutine at a time
}

// Process is a program that runs or has exited. All methods can be called from any goroutine.
type Process struct {
	name   string
	pid    int
	output *tail
	done   chan struct{}

	lock   sync.Mutex // guards the PID: it must not be signaled once another process can have it
	reaped bool
	err    error // how it exited; set before done is closed
}

// Start returns when the program runs. The caller must stop it with Stop or Kill. If the calling process is killed, the kernel also kills
// this program.
func Start(command Command) (*Process, error) {
	p := &Process{name: filepath.Base(command.Path), output: newTail(), done: make(chan struct{})}
	file, err := openLog(command.LogFile)
	if err != nil {
		return nil, fmt.Errorf("%s not started: %w", p.name, err)
	}
	started := make(chan error)
	go p.run(command.build(p.output, file), file, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s not started: %w", p.name, err)
	}
	return p, nil
}

func openLog(path string) (*os.File, error) {
	if path == "" {
		path = os.DevNull
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the path is the test's own
}

// leftoverGrace limits how long the output is read after the exit: a descendant that left the group can keep it open.
const leftoverGrace = 2 * time.Second

func (c Command) build(output *tail, file *os.File) *exec.Cmd {
	cmd := exec.Command(c.Path, c.Args...) //nolint:gosec // what to run is the caller's
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Dir = c.Dir
	writers := []io.Writer{output, file}
	if c.Output != nil {
		writers = append(writers, c.Output)
	}
	cmd.Stdout = io.MultiWriter(writers...)
	cmd.Stderr = cmd.Stdout
	cmd.WaitDelay = leftoverGrace
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// run starts the program and waits for it on one thread: the kernel sends the death signal when the thread that started the child exits, not
// the process (golang.org/issue/27505).
func (p *Process) run(cmd *exec.Cmd, file *os.File, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		started <- errors.Join(err, file.Close())
		return
	}
	p.pid = cmd.Process.Pid
	started <- nil
	p.err = errors.Join(p.wait(cmd), file.Close())
	close(p.done)
}

// wait kills the rest of the group before the PID is released, because the kernel can reuse it immediately.
func (p *Process) wait(cmd *exec.Cmd) error {
	waitErr := waitExit(p.pid)
	p.lock.Lock()
	killErr := p.signalGroup(unix.SIGKILL)
	err := cmd.Wait()
	p.reaped = true
	p.lock.Unlock()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it succeeded; only its output was still open
	}
	return errors.Join(err, waitErr, killErr)
}

// waitExit returns when the process has exited, and leaves it a zombie.
func waitExit(pid int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (p *Process) signalGroup(signal unix.Signal) error {
	if p.reaped {
		return nil
	}
	if err := unix.Kill(-p.pid, signal); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("cannot signal %s (pid %d) and its group: %w", p.name, p.pid, err)
	}
	return nil
}

// PID returns the process ID, which is also the group ID.
func (p *Process) PID() int { return p.pid }

// Done returns a channel that is closed when the program and its group have exited.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns nil while the program runs and after exit status 0, otherwise an error that wraps an *exec.ExitError.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Tail returns the last 64 KiB of the output.
func (p *Process) Tail() string { return p.output.String() }

// Signal signals the program but not its group. It has no effect after the exit.
func (p *Process) Signal(signal syscall.Signal) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.reaped {
		return nil
	}
	if err := unix.Kill(p.pid, signal); err != nil {
		return fmt.Errorf("cannot signal %s (pid %d) with %s: %w", p.name, p.pid, signal, err)
	}
	return nil
}

// Stop sends SIGTERM to the program, kills its group after the grace period, and returns when all processes have exited. It returns an error
// if the program had to be killed or exited with a status other than 0 or 143.
func (p *Process) Stop(grace time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, p.Kill())
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.unexpectedEnd()
	case <-timer.C:
	}
	if err := p.Kill(); err != nil {
		return err
	}
	return fmt.Errorf("%s did not end within %s of SIGTERM and was killed; it printed last:\n%s", p.name, grace, p.lastLines())
}

// unexpectedEnd returns nil for the results of SIGTERM: status 0, death by the signal, or 128+15 (a JVM, a shell).
func (p *Process) unexpectedEnd() error {
	var exit *exec.ExitError
	if !errors.As(p.err, &exit) {
		return p.err
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if ok && (status.Signal() == syscall.SIGTERM || status.ExitStatus() == 128+int(syscall.SIGTERM)) {
		return nil
	}
	return p.ended()
}

// Kill kills the program and its group, like a power cut, and returns when they have exited.
func (p *Process) Kill() error {
	p.lock.Lock()
	err := p.signalGroup(unix.SIGKILL)
	p.lock.Unlock()
	if err == nil {
		<-p.done
	}
	return err
}

// Run runs a program until it exits. When the context ends, the program is stopped, and killed after 10 seconds. The error of a failed
// program contains the end of its output.
func Run(ctx context.Context, command Command) error {
	p, err := Start(command)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s stopped: %w", p.name, ctx.Err()), p.Stop(10*time.Second))
	}
	if p.err == nil {
		return nil
	}
	return p.ended()
}
