package host

import (
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/serialport"
)

// Account is the user that runs Telegraf: the user of the service, or the current user if the service user does not exist.
type Account struct {
	serialport.User
	GID  uint32
	Home string
	// Other is true if it is not the current user.
	Other bool
}

// FindAccount returns the account that runs Telegraf, with the groups from the unit files.
func FindAccount(units []string) Account {
	found, err := user.Lookup(installed.User)
	if err != nil {
		found, err = user.Current()
	}
	if err != nil {
		uid := os.Geteuid()
		return Account{User: serialport.User{Name: strconv.Itoa(uid), UID: uint32(uid)}} //nolint:gosec // not negative on Linux
	}
	a := Account{User: serialport.User{Name: found.Username, UID: ID(found.Uid)}, GID: ID(found.Gid), Home: found.HomeDir}
	a.Other = int64(a.UID) != int64(os.Geteuid())
	groups, _ := found.GroupIds() // none if they cannot be determined
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

// ID parses a user or group ID, which is a number on Linux.
func ID(text string) uint32 {
	number, _ := strconv.ParseUint(text, 10, 32)
	return uint32(number)
}

// FindUnits returns the unit files of the service below the root directory of a system.
func FindUnits(root string) []string {
	var found []string
	for _, dir := range []string{"etc", "run", "usr/local/lib", "usr/lib", "lib"} {
		for _, pattern := range []string{installed.Service + ".service", installed.Service + ".service.d/*.conf"} {
			files, _ := filepath.Glob(filepath.Join(root, dir, "systemd/system", pattern)) // the pattern is valid
			found = append(found, files...)
		}
	}
	return found
}

// ExtraGroups returns the groups that the service has in addition to those of its user.
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

// CanRead reports whether the account can read a file, by the modes of the file and its parent directories.
func (a Account) CanRead(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !a.HasAccess(info, 0o4) {
		return false
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || !a.HasAccess(info, 0o1) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// GroupName returns the name of the account's primary group.
func (a Account) GroupName() string {
	id := strconv.FormatUint(uint64(a.GID), 10)
	group, err := user.LookupGroupId(id)
	if err != nil {
		return id
	}
	return group.Name
}
