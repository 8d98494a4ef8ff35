package faults

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// childVariable makes a test program run as the process of a station: see ChildMain.
const childVariable = "FAULTS_CHILD"

// ChildMain runs a station until SIGTERM and then exits, if this process was started by StartChild. It prints the number of each accepted
// reading.
func ChildMain() {
	text := os.Getenv(childVariable)
	if text == "" {
		return
	}
	parts := strings.Split(text, "|")
	first, err := strconv.Atoi(parts[4])
	if err != nil {
		panic(err)
	}
	s := &Station{Site: parts[0], Device: parts[1], Dir: parts[2], Brokers: strings.Split(parts[3], ","), accepted: first}
	if err := s.Start(); err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	for ctx.Err() == nil {
		if err := s.Read(1); err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		fmt.Println(s.accepted)
		time.Sleep(time.Millisecond)
	}
	stop()
	s.Stop()
	os.Exit(0)
}

// Child is a station in a separate process.
type Child struct {
	command *exec.Cmd
	// accepted is the number of the last reading that was accepted.
	accepted atomic.Int64
	read     chan struct{}
}

// StartChild starts this test program again as a station that continues after the reading first.
func StartChild(s *Station, first int) (*Child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &Child{command: exec.Command(program), read: make(chan struct{})} //nolint:gosec,noctx // ourselves; it is killed
	c.accepted.Store(int64(first))
	c.command.Env = append(os.Environ(), childVariable+"="+strings.Join(
		[]string{s.Site, s.Device, s.Dir, strings.Join(s.Brokers, ","), strconv.Itoa(first)}, "|"))
	c.command.Stderr = io.Discard
	output, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.read)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
				c.accepted.Store(n)
			}
		}
	}()
	return c, nil
}

// Accepted is the number of the last reading that was accepted.
func (c *Child) Accepted() int { return int(c.accepted.Load()) }

// End sends a signal and waits for the process.
func (c *Child) End(signal os.Signal) error {
	if err := c.command.Process.Signal(signal); err != nil {
		return err
	}
	<-c.read
	_ = c.command.Wait() // killed, or 0
	return nil
}
