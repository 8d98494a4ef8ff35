package station

import (
	"context"
	"log"
	"os"

	"github.com/telegraf-station/telegraf-station/test/bed/cache"
)

// StockPackage is Telegraf as it is, with all its plugins.
const StockPackage = "github.com/influxdata/telegraf/cmd/telegraf@v1.39.3"

// Stock is it, built into the cache.
func Stock(ctx context.Context) (binary string, err error) {
	log.Print("stock Telegraf, with all its plugins: a quarter of an hour the first time")
	return cache.GoInstall(ctx, StockPackage, os.Stderr)
}
