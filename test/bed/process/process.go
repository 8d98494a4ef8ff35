// Package process runs the real programs of a test bed: each in a process group of its own, its output kept, and none left behind.
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

// Command says what to run.
type Command struct {
	Path string   // a file, or a name to look up on PATH
	Args []string // without the program's own name
	Env  []string // "NAME=value", added to this process's environment
	Dir  string   // the working directory; empty is this process's

	LogFile string    // the output is appended to this file, which is made if it is missing; empty keeps none
	Output  io.Writer // gets the output too, if it is not nil; written by one goroutine at a time
}

// Process is a running or ended program. All its methods may be called from any goroutine.
type Process struct {
	name   string
	pid    int
	output *tail
	done   chan struct{}

	lock   sync.Mutex // guards the pid: it must not be signalled once it can be another's
	reaped bool
	err    error // how it ended; set before done is closed
}

// Start returns when the program runs. It is then the caller's to end, by Stop or Kill; if the caller's own process is
// killed, the kernel kills this one too.
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

// leftoverGrace is how long the output is read on after the end: a descendant that left the group can hold it open.
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

// run starts the program and waits for it on one thread: the death signal is sent when the thread that started the
// child ends, not the process (golang.org/issue/27505), so that thread must last as long as the child.
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

// wait takes the rest of the group along before the pid is given back to the kernel, which could reuse it at once.
func (p *Process) wait(cmd *exec.Cmd) error {
	waitErr := waitExit(p.pid)
	p.lock.Lock()
	killErr := p.signalGroup(unix.SIGKILL)
	err := cmd.Wait()
	p.reaped = true
	p.lock.Unlock()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well; only its output was still held open
	}
	return errors.Join(err, waitErr, killErr)
}

// waitExit returns when the process has ended, and leaves it a zombie.
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
		return fmt.Errorf("%s (pid %d) and its group not signalled: %w", p.name, p.pid, err)
	}
	return nil
}

// PID is the process's id, which is also its group's.
func (p *Process) PID() int { return p.pid }

// Done is closed when the program has ended, and with it all that was left of its group.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the program ended: nil while it runs and after exit status 0, else an error that wraps an *exec.ExitError.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Tail is the end of what the program has printed, at most 64 KiB of it.
func (p *Process) Tail() string { return p.output.String() }

// Signal goes to the program alone, not to its group. A program that has ended is no error.
func (p *Process) Signal(signal syscall.Signal) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.reaped {
		return nil
	}
	if err := unix.Kill(p.pid, signal); err != nil {
		return fmt.Errorf("%s (pid %d) got no %s: %w", p.name, p.pid, signal, err)
	}
	return nil
}

// Stop asks the program to end with SIGTERM, kills it and its group when the grace is over, and returns when all are gone.
// It is an error if it had to be killed, or if it ended, before or now, with a status of its own that is not 0 or 143.
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

// unexpectedEnd is nil after the ends that SIGTERM has: status 0, death by the signal, or 128+15 (a JVM, a shell).
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

// Kill ends the program and its group at once, as a power cut would, and returns when they are gone.
func (p *Process) Kill() error {
	p.lock.Lock()
	err := p.signalGroup(unix.SIGKILL)
	p.lock.Unlock()
	if err == nil {
		<-p.done
	}
	return err
}

// Run runs a program to its end. When the context ends first the program is stopped, and killed after 10 seconds.
// The error of a failed program carries the end of its output.
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
