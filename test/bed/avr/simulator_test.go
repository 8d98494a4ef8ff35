//go:build real

package avr

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
)

// patience bounds what takes a second or two, on a machine that may be busy.
const patience = time.Minute

func station(t *testing.T) Firmware {
	t.Helper()
	compiled, err := Compile(t.Context(), "uno", nil, os.Stderr)
	require.NoError(t, err)
	return compiled
}

func TestABoardPrintsToItsPortInRealTime(t *testing.T) {
	t.Parallel()
	board, err := arduino.Plug(filepath.Join(t.TempDir(), "ttyACM0"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, board.Unplug()) })
	script := new(Script).Voltages(0, Reference()).Stop(3500 * time.Millisecond)
	begin := time.Now()
	running, err := Start(t.Context(), Options{Firmware: station(t), Script: script, Dir: t.TempDir(), RealTime: true, Output: board})
	require.NoError(t, err)
	port, err := os.Open(board.Path())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, port.Close()) })

	<-running.Done()

	require.NoError(t, running.Err(), running.Tail())
	require.GreaterOrEqual(t, time.Since(begin), 3490*time.Millisecond)
	read := make([]byte, 4096)
	n, err := port.Read(read)
	require.NoError(t, err)
	require.Equal(t, running.Tail(), string(read[:n]))
	require.Len(t, strings.Split(strings.TrimSpace(string(read[:n])), "\r\n"), 3)
}

// TestABoardEndsWhenNobodyReadsIt has a script without an end.
func TestABoardEndsWhenNobodyReadsIt(t *testing.T) {
	t.Parallel()
	binary, err := Simulator(t.Context())
	require.NoError(t, err)
	script := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(script, nil, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, binary, station(t).ELF, script) //nolint:gosec // our own simulator
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	require.NoError(t, output.Close())
	var exit *exec.ExitError
	require.ErrorAs(t, command.Wait(), &exit)
	require.NoError(t, ctx.Err())
}

// TestABoardEndsWithItsParent has a shell as its parent, which is killed; the output stays open.
func TestABoardEndsWithItsParent(t *testing.T) {
	t.Parallel()
	binary, err := Simulator(t.Context())
	require.NoError(t, err)
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	require.NoError(t, os.WriteFile(script, nil, 0o600))
	const background = `"$1" -r "$2" "$3" >"$4" & echo $!; wait`
	//nolint:gosec // our own simulator
	shell := exec.CommandContext(t.Context(), "sh", "-c", background, "sh", binary, station(t).ELF, script, filepath.Join(dir, "printed"))
	output, err := shell.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, shell.Start())
	var pid int
	_, err = fmt.Fscan(output, &pid)
	require.NoError(t, err)
	// It has then long asked the kernel for its parent's death signal.
	require.Eventually(t, func() bool {
		info, err := os.Stat(filepath.Join(dir, "printed"))
		return err == nil && info.Size() > 0
	}, patience, 10*time.Millisecond)

	require.NoError(t, shell.Process.Kill())

	require.Eventually(t, func() bool { return ended(pid) }, patience, 10*time.Millisecond)
	require.Error(t, shell.Wait(), "it was killed")
}

// ended reports whether a process has exited. A zombie counts: the process that adopted it may reap it late.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestAScriptRepeats(t *testing.T) {
	t.Parallel()
	script := new(Script).Voltages(0, Reference()).ADC(0, CoGas, Saturated).ADC(500*time.Millisecond, CoGas, 574).Repeat(2 * time.Second)
	printed := &firstLines{wanted: 6, done: make(chan struct{})}
	running, err := Start(t.Context(), Options{Firmware: station(t), Script: script, Dir: t.TempDir(), Output: printed})
	require.NoError(t, err)
	<-printed.done
	require.NoError(t, running.Kill())
	var got []string
	for line := range strings.Lines(printed.text.String()) {
		got = append(got, value(t, line, "co_gas"))
	}
	require.Equal(t, []string{"117", "1023", "117", "1023", "117", "1023"}, got[:6])
}

// firstLines closes done after as many lines as are wanted.
type firstLines struct {
	text   strings.Builder
	wanted int
	done   chan struct{}
}

func (f *firstLines) Write(bytes []byte) (int, error) {
	for _, one := range bytes {
		if f.wanted == 0 {
			break
		}
		f.text.WriteByte(one)
		if one == '\n' {
			if f.wanted--; f.wanted == 0 {
				close(f.done)
			}
		}
	}
	return len(bytes), nil
}

func TestWrongScript(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		script *Script
		want   string
	}{
		{new(Script).add(0, "warm"), `the script has "warm": see the top of simulator.c for what it may have`},
		{new(Script).ADC(0, 8, 1), `"adc 8 1": a pin is 0 to 7`},
	} {
		printed, err := Run(t.Context(), Options{Firmware: station(t), Script: one.script, Dir: t.TempDir()})
		require.Error(t, err)
		require.Contains(t, printed, one.want)
	}
}
