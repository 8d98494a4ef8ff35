package station

import (
	"context"
	"log"
	"os"

	"github.com/telegraf-station/telegraf-station/test/cache"
)

const stock = "github.com/influxdata/telegraf/cmd/telegraf@v1.39.3"

// Stock is Telegraf as it is, with all its plugins, built into the cache.
func Stock(ctx context.Context) (binary string, err error) {
	log.Print("stock Telegraf, with all its plugins: a quarter of an hour the first time")
	return cache.GoInstall(ctx, stock, os.Stderr)
}
