package telegraf

import (
	"fmt"
	"os"
	"path/filepath"
)

// ServiceUser is the user ID of Unprivileged.
const ServiceUser = 65534

// Unprivileged copies a program to dir, which every user must be able to enter, and returns a script that runs it without the rights of root: for
// tests of what a service cannot access. The files in its arguments become readable.
func Unprivileged(binary, dir string) (script string, err error) {
	data, err := os.ReadFile(binary) //nolint:gosec // the test's own
	if err != nil {
		return "", err
	}
	program, script := filepath.Join(dir, "telegraf"), filepath.Join(dir, "telegraf-unprivileged")
	if err := os.WriteFile(program, data, 0o755); err != nil { //nolint:gosec // another user runs it
		return "", err
	}
	text := fmt.Sprintf("#!/bin/sh\nfor arg; do [ ! -f \"$arg\" ] || chmod a+r \"$arg\"; done\nexec setpriv --reuid %d --regid %d --clear-groups %s \"$@\"\n", ServiceUser, ServiceUser, program)
	return script, os.WriteFile(script, []byte(text), 0o755) //nolint:gosec // it is run
}
