package all

import "github.com/telegraf-station/telegraf-station/internal/installed"

// UseInstalled calls installed.Use for Telegraf's main package, which is in another module and cannot import internal packages.
func UseInstalled() { installed.Use() }
