package install

import (
	"fmt"
	"os/exec"
	"strings"
)

// Check is an error that names the programs which are missing, with Debian's packages that have them.
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
		return fmt.Errorf("the peers need programs that are not installed; with Debian's packages for them: %s", strings.Join(missing, ", "))
	}
	return nil
}
