// Package host knows the telegraf-station service of this computer: its unit, the account that it runs as, and how to run Telegraf as it does.
package host

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
	// Name is the systemd unit's.
	Name = "telegraf-station"
	// User is who it runs as, and the group of its files.
	User = "telegraf"
)

// Account is who reads the port and the files: the service's user, or whoever runs this where there is none.
type Account struct {
	serialport.User
	GID  uint32
	Home string
	// Other says that it is not who runs this.
	Other bool
}

// FindAccount takes the groups of the unit's files into account.
func FindAccount(units []string) Account {
	found, err := user.Lookup(User)
	if err != nil {
		found, err = user.Current()
	}
	if err != nil {
		return Account{User: serialport.User{Name: strconv.Itoa(os.Geteuid()), UID: ID(strconv.Itoa(os.Geteuid()))}}
	}
	a := Account{User: serialport.User{Name: found.Username, UID: ID(found.Uid)}, GID: ID(found.Gid), Home: found.HomeDir}
	a.Other = int64(a.UID) != int64(os.Geteuid())
	groups, _ := found.GroupIds() // those that cannot be told are none
	for _, name := range ExtraGroups(units) {
		if group, err := user.LookupGroup(name); err == nil {
			groups = append(groups, group.Gid)
		}
	}
	for _, group := range groups {
		a.Groups = append(a.Groups, ID(group))
	}
	slices.Sort(a.Groups)
	a.Groups = slices.Compact(a.Groups)
	return a
}

// ID is a number of a user or group; on Linux all are that.
func ID(text string) uint32 {
	number, _ := strconv.ParseUint(text, 10, 32)
	return uint32(number)
}

// FindUnits lists the unit's files below the root of a system.
func FindUnits(root string) []string {
	var found []string
	for _, folder := range []string{"etc", "run", "usr/local/lib", "usr/lib", "lib"} {
		for _, pattern := range []string{Name + ".service", Name + ".service.d/*.conf"} {
			files, _ := filepath.Glob(filepath.Join(root, folder, "systemd/system", pattern)) // the pattern is a good one
			found = append(found, files...)
		}
	}
	return found
}

// ExtraGroups are those that the service has beside its user's own.
func ExtraGroups(units []string) []string {
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

// MayRead says whether the account could read a file: its mode and those of the folders above it.
func (a Account) MayRead(path string) bool {
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

// GroupName is that of the account's own group.
func (a Account) GroupName() string {
	group, err := user.LookupGroupId(strconv.FormatUint(uint64(a.GID), 10))
	if err != nil {
		return strconv.FormatUint(uint64(a.GID), 10)
	}
	return group.Name
}
