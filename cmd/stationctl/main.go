// Stationctl is the operator's tool: it sets up a station, looks into a station's outbox and proves what arrived.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitGood = 0
	// exitFound says that the command ran and found something wrong.
	exitFound = 1
	// exitFailed says that it could not do what it was asked.
	exitFailed = 2
)

// errFound is the result of a command that found something wrong and has said what.
var errFound = errors.New("something is wrong")

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
		Use:           "stationctl",
		Short:         "Look after sensor stations",
		Long:          "Stationctl adds sites, makes certificates, shows how the sites are, sets up a station, says what is wrong with it, looks into its outbox, proves what arrived in Kafka and InfluxDB, and simulates thousands of stations.\nIt exits with 0 if all is well, 1 if it found something wrong, and 2 if it could not do what it was asked.",
		Version:       version,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.AddCommand(newSetup(), newSite(), newCentral(), newCerts(), newAudit(), newStatus(), newDoctor(), newOutbox(), newHealth(), newSimulate(), newMan())
	return root
}
