package telegraf

import (
	"fmt"
	"os"
	"path/filepath"
)

// Nobody is the user ID of AsNobody.
const Nobody = 65534

// AsNobody copies a program to dir, which every user must be able to enter, and returns a script that runs it without the rights of root: for
// tests of what a service cannot access. The files in its arguments become readable.
func AsNobody(binary, dir string) (script string, err error) {
	data, err := os.ReadFile(binary) //nolint:gosec // the test's own
	if err != nil {
		return "", err
	}
	program, script := filepath.Join(dir, "telegraf"), filepath.Join(dir, "telegraf-as-nobody")
	if err := os.WriteFile(program, data, 0o755); err != nil { //nolint:gosec // nobody runs it
		return "", err
	}
	text := fmt.Sprintf("#!/bin/sh\nfor arg; do [ ! -f \"$arg\" ] || chmod a+r \"$arg\"; done\nexec setpriv --reuid %d --regid %d --clear-groups %s \"$@\"\n", Nobody, Nobody, program)
	return script, os.WriteFile(script, []byte(text), 0o755) //nolint:gosec // it is run
}
