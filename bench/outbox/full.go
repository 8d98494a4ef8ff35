package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/bench/outbox/probe"
	"github.com/telegraf-station/telegraf-station/test/bed/disk"
)

const (
	fullTrials = 10
	smallDisk  = 32 << 20
)

// story is what a probe told.
type story struct {
	promised, acked uint64
	// complaints are its errors; resumed says that it took a record after the disk had room again.
	complaints     []string
	freed, resumed bool
}

// full fills the disk, each time with another rest.
func full(ctx context.Context, b *bench, c candidate, t *table) error {
	random := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // the trials are the same each time
	said, resumed := 0, 0
	var ended []string
	var outcomes []outcome
	for range fullTrials {
		s, o, end, err := b.fullOnce(ctx, c, random.Int64N(256<<10))
		if err != nil {
			return err
		}
		outcomes = append(outcomes, o)
		if strings.Contains(strings.Join(s.complaints, "\n"), "no space left") || strings.Contains(strings.Join(s.complaints, "\n"), "disk is full") {
			said++
		}
		if s.resumed {
			resumed++
		}
		if end != "" {
			ended = append(ended, end)
		}
	}
	t.set("full disk, of 10: the error says so", c, "%d", said)
	t.set("… and it goes on without a restart when there is room again", c, "%s", endedText(resumed, ended))
	t.set("… and after a restart has all that was promised, and goes on", c, "%s", summary(outcomes))
	return nil
}

func endedText(resumed int, ended []string) string {
	if len(ended) == 0 {
		return strconv.Itoa(resumed)
	}
	log.Printf("full: %s", ended[0])
	return fmt.Sprintf("%d; %d times the process ends", resumed, len(ended))
}

func (b *bench) fullOnce(ctx context.Context, c candidate, leave int64) (s story, o outcome, end string, err error) {
	program, err := b.probe(ctx, c, "")
	if err != nil {
		return s, o, "", err
	}
	err = b.onDisk(c, smallDisk, func(d *disk.Disk) error {
		limited, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		dir, filler := filepath.Join(d.Dir, "queue"), filepath.Join(d.Dir, "filler")
		out, runErr := exec.CommandContext(limited, program, "full", "-dir", dir, //nolint:gosec // what b built
			"-filler", filler, "-leave", strconv.FormatInt(leave, 10)).Output()
		if runErr != nil {
			end = "hangs"
			var exit *exec.ExitError
			if limited.Err() == nil && errors.As(runErr, &exit) {
				end = head(string(exit.Stderr))
			}
		}
		if s, err = listen(out); err != nil {
			return err
		}
		if s.promised == 0 {
			return fmt.Errorf("it did not begin: %s", end)
		}
		if err := os.Remove(filler); err != nil && !errors.Is(err, os.ErrNotExist) { // it is there if the process ended early
			return err
		}
		found, err := b.verify(ctx, c, dir)
		// The record whose append failed may be there or not: it was not promised, and not taken back either.
		o = judge(found, err, s.acked+1, s.promised, s.promised+1)
		if len(found.Numbers) > 0 && found.Numbers[0] > probe.AckedBefore {
			o.repeated = 0 // what was acknowledged on the full disk may come again
		}
		return nil
	})
	return s, o, end, err
}

// listen reads the probe's lines.
func listen(out []byte) (s story, err error) {
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, probe.Promised+" "):
			s.promised, err = strconv.ParseUint(line[len(probe.Promised)+1:], 10, 64)
			s.resumed = s.resumed || s.freed
		case strings.HasPrefix(line, probe.Acked+" "):
			s.acked, err = strconv.ParseUint(line[len(probe.Acked)+1:], 10, 64)
		case strings.HasPrefix(line, probe.Freed):
			s.freed = true
		default:
			s.complaints = append(s.complaints, line)
		}
		if err != nil {
			return s, err
		}
	}
	return s, lines.Err()
}
