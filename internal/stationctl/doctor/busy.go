package doctor

import (
	"fmt"
	"path/filepath"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

func (b *board) busy(path string) result {
	holder, found := b.System.UsedBy(path)
	if err := b.System.CheckFree(path); err != nil {
		return failed(fixReleasePort(holder, path), "%v", err)
	}
	if found && b.System.UsedByTelegraf(path) {
		return ok("telegraf is using it (pid %d)", holder.PID)
	}
	return ok("the port is free")
}

// fixReleasePort ends the process that uses the port. A login must be disabled, or it restarts.
func fixReleasePort(holder serialport.Process, path string) string {
	switch holder.Name {
	case "":
		return "sudo fuser -k " + quote(path)
	case modemManager:
		return fixModemManager
	case "agetty", "login":
		return "sudo systemctl disable --now serial-getty@" + filepath.Base(path)
	}
	return fmt.Sprintf("sudo kill %d  # %s", holder.PID, holder.Name)
}
