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

// defaultOutbox is the outbox directory of the shipped configuration.
const defaultOutbox = installed.Outbox

func newOutbox() *cobra.Command {
	var dir string
	var asJSON bool
	command := &cobra.Command{
		Use:   "outbox",
		Short: "Show pending records and manage parked ones",
		Long: `Show the pending records in the outbox of this station: their number and time
range per topic, and the number of parked records, which can never be delivered
as they are. The subcommands list, show, replay, and discard parked records.

All of them work while the agent is running, and on the outbox directory of a
stopped one. The agent sends a replayed record within ten seconds, or when it is
started again.`,
		Example: `  stationctl outbox
  stationctl outbox list
  stationctl outbox show 20261124T101530.000000000-000001
  stationctl outbox replay --all
  stationctl outbox discard 20261124T101530.000000000-000001`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return showOutbox(command.OutOrStdout(), dir, asJSON) },
	}
	command.PersistentFlags().StringVar(&dir, "outbox", defaultOutbox, "outbox `DIRECTORY`")
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
	rows := [][]string{{"topic", "pending", "oldest reading", "newest reading", "note"}}
	for _, q := range state.Topics {
		note := ""
		if q.OwnLog {
			note = "blocked; see the agent log for the reason"
		}
		rows = append(rows, []string{q.Topic, strconv.FormatInt(q.Pending, 10), q.Oldest.Format(time.RFC3339), q.Newest.Format(time.RFC3339), note})
	}
	if err := texttable.Write(out, rows); err != nil {
		return err
	}
	agent := "not in use"
	if state.InUse {
		agent = "in use by an agent"
	}
	_, err = fmt.Fprintf(out, "%d parked, %d damaged, %d bytes on disk; %s\n", state.Parked, state.Damaged, state.Bytes, agent)
	return err
}

func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func newList(dir *string, asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List parked records with their reasons", Args: cobra.NoArgs,
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
		Use: "show NAME...", Short: "Print parked records", Args: cobra.MinimumNArgs(1),
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
	return fmt.Errorf("no parked record %q in %s; list them with \"stationctl outbox list\"", name, dir)
}

func newReplay(dir *string) *cobra.Command {
	return eachParked(dir, "replay", "Send parked records again, as new ones", outbox.Replay)
}

func newDiscard(dir *string) *cobra.Command {
	return eachParked(dir, "discard", "Delete parked records permanently", outbox.Discard)
}

// eachParked returns a command that applies do to the named records, or to all.
func eachParked(dir *string, name, short string, do func(dir, name string) error) *cobra.Command {
	var all bool
	command := &cobra.Command{
		Use: name + " {NAME... | --all}", Short: short,
		RunE: func(command *cobra.Command, names []string) error {
			if all == (len(names) > 0) {
				return errors.New("specify the names of parked records, or --all")
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
			noun := "records"
			if len(names) == 1 {
				noun = "record"
			}
			_, err := fmt.Fprintf(command.OutOrStdout(), "%s: %d %s\n", name, len(names), noun)
			return err
		},
	}
	command.Flags().BoolVar(&all, "all", false, "all parked records")
	return command
}
