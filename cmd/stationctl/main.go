// Command stationctl manages sensor stations: sites, certificates, setup, diagnosis, and the verification of what arrived.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitGood = 0
	// exitFound means that the command found a problem.
	exitFound = 1
	// exitFailed means that the command could not complete.
	exitFailed = 2
)

// errFound is returned by a command that has found and reported a problem.
var errFound = errors.New("a problem was found")

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, newRoot(), os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, root *cobra.Command, args []string) int {
	root.SetArgs(args)
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return exitGood
	case errors.Is(err, errFound):
		return exitFound
	default:
		root.PrintErrln("stationctl:", err)
		return exitFailed
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "stationctl",
		Short: "Manage sensor stations",
		Long: `Manage sensor stations: create sites and certificates, set up stations, show
and diagnose their state, inspect an outbox, verify that every reading arrived
in Kafka and InfluxDB, and simulate thousands of stations.

Exit codes: 0 for success, 1 if a problem was found, 2 if the command could not
complete.`,
		Version:       version,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	root.AddCommand(newSetup(), newSite(), newCentral(), newCerts(), newAudit(), newStatus(), newDoctor(), newOutbox(), newHealth(), newSimulate(), newMan())
	root.AddCommand(formerCentral())
	return root
}
