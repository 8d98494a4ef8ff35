package installed

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUse(t *testing.T) {
	dir := t.TempDir()
	configuration, environment := filepath.Join(dir, "telegraf.conf"), filepath.Join(dir, "default")
	require.NoError(t, os.WriteFile(environment, []byte("# KAFKA_X=no\nKAFKA_USERNAME=\"station\"\nKAFKA_PASSWORD='s3 $ret'\n"), 0o600))
	for name, test := range map[string]struct {
		before map[string]string
		home   bool
		absent bool
		after  map[string]string
	}{
		"installed":            {nil, false, false, map[string]string{"TELEGRAF_CONFIG_PATH": configuration, "KAFKA_USERNAME": "station", "KAFKA_PASSWORD": "s3 $ret"}},
		"not installed":        {nil, false, true, map[string]string{"TELEGRAF_CONFIG_PATH": "", "KAFKA_USERNAME": "", "KAFKA_PASSWORD": ""}},
		"the user's own file":  {nil, true, false, map[string]string{"TELEGRAF_CONFIG_PATH": "", "KAFKA_USERNAME": "station"}},
		"variables of a shell": {map[string]string{"TELEGRAF_CONFIG_PATH": "/x", "KAFKA_USERNAME": "me"}, false, false, map[string]string{"TELEGRAF_CONFIG_PATH": "/x", "KAFKA_USERNAME": "me", "KAFKA_PASSWORD": "s3 $ret"}},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			for variable := range map[string]bool{"TELEGRAF_CONFIG_PATH": true, "KAFKA_USERNAME": true, "KAFKA_PASSWORD": true} {
				t.Setenv(variable, test.before[variable])
			}
			t.Setenv("HOME", home)
			if test.home {
				require.NoError(t, os.Mkdir(filepath.Join(home, ".telegraf"), 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(home, ".telegraf", "telegraf.conf"), nil, 0o600))
			}
			if !test.absent {
				require.NoError(t, os.WriteFile(configuration, nil, 0o600))
				t.Cleanup(func() { require.NoError(t, os.Remove(configuration)) })
			}
			use(configuration, environment)
			for variable, want := range test.after {
				require.Equal(t, want, os.Getenv(variable), variable)
			}
		})
	}
}
