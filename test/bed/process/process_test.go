package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain plays the killed test for TestKilledParentLeavesNothing, too, and the program of TestSignalReachesTheProgram.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("PROCESS_TEST_PARENT") != "":
		parentToBeKilled()
	case os.Getenv("PROCESS_TEST_RELOAD") != "":
		programThatReloads()
	}
	goleak.VerifyTestMain(m)
}

func parentToBeKilled() {
	child, err := Start(shell("echo ready; exec sleep 600"))
	if err != nil {
		panic(err)
	}
	fmt.Printf("child %d\n", child.PID())
	<-child.Done()
}

// programThatReloads is not a shell script: the sh of Debian sometimes misses a signal while it waits for a child.
func programThatReloads() {
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	fmt.Println("ready")
	for range reload {
		fmt.Println("reloaded")
	}
}

func shell(script string) Command { return Command{Path: "sh", Args: []string{"-c", script}} }

func start(t *testing.T, command Command) *Process {
	t.Helper()
	p, err := Start(command)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Kill())
		requireGone(t, p.PID())
	})
	return p
}

func requireGone(t *testing.T, pid int) {
	t.Helper()
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "process %d is still there", pid)
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestOutputGoesToTheFileTheWriterAndTheTail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var output bytes.Buffer
	command := shell(`echo "$STATION in $(pwd)"; echo wrong >&2`)
	command.Env = []string{"STATION=JNU"}
	command.Dir = dir
	command.LogFile = filepath.Join(dir, "log")
	command.Output = &output

	p := start(t, command)
	<-p.Done()

	want := "JNU in " + dir + "\nwrong\n"
	require.NoError(t, p.Err())
	require.Equal(t, want, p.Tail())
	require.Equal(t, want, output.String())
	file, err := os.ReadFile(command.LogFile)
	require.NoError(t, err)
	require.Equal(t, want, string(file))
}

func TestLogFileIsAppendedTo(t *testing.T) {
	t.Parallel()
	command := shell("echo again")
	command.LogFile = filepath.Join(t.TempDir(), "log")
	require.NoError(t, Run(soon(t), command))
	require.NoError(t, Run(soon(t), command))
	file, err := os.ReadFile(command.LogFile)
	require.NoError(t, err)
	require.Equal(t, "again\nagain\n", string(file))
}

func TestWhatCannotStartSaysSo(t *testing.T) {
	t.Parallel()
	_, err := Start(Command{Path: "/nowhere/influxd"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "influxd not started")

	_, err = Start(Command{Path: "true", LogFile: "/nowhere/log"})
	require.ErrorContains(t, err, "/nowhere/log")
}

func TestStop(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"dies of the signal": "echo ready; exec sleep 600",
		"ends well":          "trap 'exit 0' TERM; echo ready; sleep 600 & wait",
		"ends like a JVM":    "trap 'exit 143' TERM; echo ready; sleep 600 & wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, shell(script))
			require.NoError(t, p.WaitForLog(soon(t), "ready"))
			require.NoError(t, p.Ended())
			require.NoError(t, p.Stop(10*time.Second))
			require.ErrorIs(t, p.Ended(), ErrEnded)
			require.NoError(t, p.Stop(time.Second), "a second stop")
			require.NoError(t, p.Signal(syscall.SIGHUP), "a signal after the end")
		})
	}
}

func TestStopTellsOfAProgramThatHadFailed(t *testing.T) {
	t.Parallel()
	p := start(t, shell("echo no such bucket; exit 3"))
	<-p.Done()
	err := p.Stop(time.Second)
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "no such bucket")
	var exit *exec.ExitError
	require.ErrorAs(t, p.Err(), &exit)
	require.Equal(t, 3, exit.ExitCode())
}

func TestStopKillsTheDeafAndSaysSo(t *testing.T) {
	t.Parallel()
	p := start(t, shell("trap '' TERM; echo deaf; while :; do sleep 600; done"))
	require.NoError(t, p.WaitForLog(soon(t), "deaf"))
	require.ErrorContains(t, p.Stop(50*time.Millisecond), "did not end within 50ms of SIGTERM and was killed")
}

func TestTheGroupGoesWithItsLeader(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{"killed": "wait", "exited": "exit 0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, shell("sleep 600 & echo child $!; "+end))
			require.NoError(t, p.WaitForLog(soon(t), "\n"))
			var child int
			_, err := fmt.Sscanf(p.Tail(), "child %d", &child)
			require.NoError(t, err)
			require.NoError(t, p.Kill())
			require.Eventually(t, func() bool { return ended(child) }, 10*time.Second, time.Millisecond)
		})
	}
}

// ended is also true of a zombie: it is its new parent's to reap.
func ended(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return state[0] == 'Z' || state[0] == 'X'
}

func TestKilledParentLeavesNothing(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	parent := start(t, Command{Path: self, Env: []string{"PROCESS_TEST_PARENT=1"}})
	require.NoError(t, parent.WaitForLog(soon(t), "\n"))
	var child int
	_, err = fmt.Sscanf(parent.Tail(), "child %d", &child)
	require.NoError(t, err)
	require.False(t, ended(child))

	require.NoError(t, parent.Kill())

	require.Eventually(t, func() bool { return ended(child) }, 10*time.Second, time.Millisecond)
}

func TestSignalReachesTheProgram(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	p := start(t, Command{Path: self, Env: []string{"PROCESS_TEST_RELOAD=1"}})
	require.NoError(t, p.WaitForLog(soon(t), "ready"))
	require.NoError(t, p.Signal(syscall.SIGHUP))
	require.NoError(t, p.WaitForLog(soon(t), "reloaded"))
}

func TestWaitForLog(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	running := start(t, shell("exec sleep 600"))
	require.ErrorIs(t, running.WaitForLog(ctx, "never"), context.Canceled)

	p := start(t, shell("echo last words; exit 4"))
	require.NoError(t, p.WaitForLog(soon(t), "last words"))
	err := p.WaitForLog(soon(t), "never")
	require.ErrorIs(t, err, ErrEnded)
	require.ErrorContains(t, err, `did not print "never"`)
	require.ErrorContains(t, err, "last words")
}

func TestFastOutputIsSearchedWholeAndKeptInPart(t *testing.T) {
	t.Parallel()
	p := start(t, shell("sleep 0.1; seq 1 200000; echo end"))
	require.NoError(t, p.WaitForLog(soon(t), "\n70000\n"))
	<-p.Done()
	require.Len(t, p.Tail(), tailSize)
	require.True(t, strings.HasSuffix(p.Tail(), "200000\nend\n"))
}

func TestRun(t *testing.T) {
	t.Parallel()
	require.NoError(t, Run(soon(t), shell("exit 0")))
	require.ErrorContains(t, Run(soon(t), shell("echo no network; exit 1")), "no network")

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, Run(ctx, shell("exec sleep 600")), context.DeadlineExceeded)
}
