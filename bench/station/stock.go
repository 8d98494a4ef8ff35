package station

import (
	"context"
	"log"
	"os"

	"github.com/telegraf-station/telegraf-station/test/bed/cache"
)

// StockPackage is unmodified Telegraf with all plugins.
const StockPackage = "github.com/influxdata/telegraf/cmd/telegraf@v1.39.3"

// Stock returns the path of a cached build of StockPackage.
func Stock(ctx context.Context) (binary string, err error) {
	log.Print("stock Telegraf with all plugins: 15 minutes the first time")
	return cache.GoInstall(ctx, StockPackage, os.Stderr)
}
