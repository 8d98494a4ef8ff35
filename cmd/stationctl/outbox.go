package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/outbox"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// defaultOutbox is where the shipped configuration has it.
const defaultOutbox = installed.Outbox

func newOutbox() *cobra.Command {
	var dir string
	var asJSON bool
	command := &cobra.Command{
		Use:   "outbox",
		Short: "Show what waits in a station's outbox",
		Long: `Outbox shows what waits on a station's disk for each topic, since when, and how many records are parked: those that can never be
delivered as they are. Its commands list, show, replay and discard parked records. All of them work beside a running agent, or on the
directory of a stopped one; a replayed record is sent by the agent within ten seconds, or when it is next started.`,
		Example: `  stationctl outbox
  stationctl outbox list
  stationctl outbox show 20261124T101530.000000000-000001
  stationctl outbox replay --all
  stationctl outbox discard 20261124T101530.000000000-000001`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return showOutbox(command.OutOrStdout(), dir, asJSON) },
	}
	command.PersistentFlags().StringVar(&dir, "outbox", defaultOutbox, "the outbox's directory")
	command.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	command.AddCommand(newList(&dir, &asJSON), newShow(&dir), newReplay(&dir), newDiscard(&dir))
	return command
}

func showOutbox(out io.Writer, dir string, asJSON bool) error {
	state, err := outbox.Inspect(dir)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(out, state)
	}
	rows := [][]string{{"topic", "waiting", "oldest reading", "newest reading", "note"}}
	for _, q := range state.Topics {
		note := ""
		if q.OwnLog {
			note = "set aside: see the agent's log for the reason"
		}
		rows = append(rows, []string{q.Topic, strconv.FormatInt(q.Pending, 10), q.Oldest.Format(time.RFC3339), q.Newest.Format(time.RFC3339), note})
	}
	if err := texttable.Write(out, rows); err != nil {
		return err
	}
	agent := "no agent runs with it"
	if state.InUse {
		agent = "an agent runs with it"
	}
	_, err = fmt.Fprintf(out, "%d parked, %d damaged, %d bytes of disk; %s\n", state.Parked, state.Damaged, state.Bytes, agent)
	return err
}

func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func newList(dir *string, asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the parked records, with the reasons", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			parked, err := outbox.ListParked(*dir)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(command.OutOrStdout(), parked)
			}
			rows := [][]string{{"name", "topic", "device", "time of the reading", "reason"}}
			for _, p := range parked {
				rows = append(rows, []string{p.Name, p.Topic, p.Device, p.Time.Format(time.RFC3339), p.Reason})
			}
			return texttable.Write(command.OutOrStdout(), rows)
		},
	}
}

func newShow(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME...", Short: "Show parked records as they are", Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, names []string) error {
			parked, err := outbox.ListParked(*dir)
			if err != nil {
				return err
			}
			byName := make(map[string]*outbox.Parked)
			for _, p := range parked {
				byName[p.Name] = p
			}
			for _, name := range names {
				if byName[name] == nil {
					return noRecord(name, *dir)
				}
				if err := printJSON(command.OutOrStdout(), byName[name]); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func noRecord(name, dir string) error {
	return fmt.Errorf("no parked record %q in %s: see stationctl outbox list", name, dir)
}

func newReplay(dir *string) *cobra.Command {
	return eachParked(dir, "replay", "Have parked records sent again, as new ones", outbox.Replay)
}

func newDiscard(dir *string) *cobra.Command {
	return eachParked(dir, "discard", "Delete parked records for good", outbox.Discard)
}

// eachParked is a command that does something with the records that are named, or with all.
func eachParked(dir *string, name, short string, do func(dir, name string) error) *cobra.Command {
	var all bool
	command := &cobra.Command{
		Use: name + " {NAME... | --all}", Short: short,
		RunE: func(command *cobra.Command, names []string) error {
			if all == (len(names) > 0) {
				return errors.New("give the names of parked records, or --all")
			}
			if all {
				parked, err := outbox.ListParked(*dir)
				if err != nil {
					return err
				}
				for _, p := range parked {
					names = append(names, p.Name)
				}
			}
			for _, each := range names {
				if err := do(*dir, each); errors.Is(err, os.ErrNotExist) {
					return noRecord(each, *dir)
				} else if err != nil {
					return err
				}
			}
			_, err := fmt.Fprintf(command.OutOrStdout(), "%s: %d record(s)\n", name, len(names))
			return err
		},
	}
	command.Flags().BoolVar(&all, "all", false, "all parked records")
	return command
}
