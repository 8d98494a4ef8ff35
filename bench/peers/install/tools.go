package install

import (
	"fmt"
	"os/exec"
	"strings"
)

// Check returns an error that lists missing programs and their Debian packages.
func Check() error {
	var missing []string
	for _, tool := range []struct{ command, debian string }{
		{"java", "default-jre-headless"},
		{"mvn", "maven"},
		{"node", "nodejs"},
		{"npm", "npm"},
		{"python3", "python3 python3-pip"},
	} {
		if _, err := exec.LookPath(tool.command); err != nil {
			missing = append(missing, fmt.Sprintf("%s (%s)", tool.command, tool.debian))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing programs for the peers (with their Debian packages): %s", strings.Join(missing, ", "))
	}
	return nil
}
