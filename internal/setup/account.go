package setup

import (
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

const (
	// serviceName is the systemd unit's.
	serviceName = "telegraf-station"
	// serviceUser is who it runs as, and the group of its files.
	serviceUser = "telegraf"
)

// account is who reads the port and the files: the service's user, or whoever runs this where there is none.
type account struct {
	serialport.User
	gid  uint32
	home string
	// other says that it is not who runs this.
	other bool
}

func serviceAccount(units []string) account {
	found, err := user.Lookup(serviceUser)
	if err != nil {
		found, err = user.Current()
	}
	if err != nil {
		return account{User: serialport.User{Name: strconv.Itoa(os.Geteuid()), UID: id(strconv.Itoa(os.Geteuid()))}}
	}
	a := account{User: serialport.User{Name: found.Username, UID: id(found.Uid)}, gid: id(found.Gid), home: found.HomeDir}
	a.other = int64(a.UID) != int64(os.Geteuid())
	groups, _ := found.GroupIds() // those that cannot be told are none
	for _, name := range extraGroups(units) {
		if group, err := user.LookupGroup(name); err == nil {
			groups = append(groups, group.Gid)
		}
	}
	for _, group := range groups {
		a.Groups = append(a.Groups, id(group))
	}
	slices.Sort(a.Groups)
	a.Groups = slices.Compact(a.Groups)
	return a
}

// id is a number of a user or group; on Linux all are that.
func id(text string) uint32 {
	number, _ := strconv.ParseUint(text, 10, 32)
	return uint32(number)
}

// findUnits lists the unit's files below the root of a system.
func findUnits(root string) []string {
	var found []string
	for _, folder := range []string{"etc", "run", "usr/local/lib", "usr/lib", "lib"} {
		for _, pattern := range []string{serviceName + ".service", serviceName + ".service.d/*.conf"} {
			files, _ := filepath.Glob(filepath.Join(root, folder, "systemd/system", pattern)) // the pattern is a good one
			found = append(found, files...)
		}
	}
	return found
}

// extraGroups are those that the service has beside its user's own.
func extraGroups(units []string) []string {
	var groups []string
	for _, unit := range units {
		text, _ := os.ReadFile(unit) //nolint:gosec // a unit of the system
		for line := range strings.Lines(string(text)) {
			if names, ok := strings.CutPrefix(strings.TrimSpace(line), "SupplementaryGroups="); ok {
				groups = append(groups, strings.Fields(names)...)
			}
		}
	}
	return groups
}

// mayRead says whether the account could read a file: its mode and those of the folders above it.
func (a account) mayRead(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !a.May(info, 0o4) {
		return false
	}
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		if info, err := os.Stat(folder); err != nil || !a.May(info, 0o1) {
			return false
		}
		if folder == filepath.Dir(folder) {
			return true
		}
	}
}
