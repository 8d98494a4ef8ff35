package setup

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// ReadAnswers reads answers from a TOML file. Its keys are the names of the flags; as in the configuration file, "_" can be used instead of
// "-", numbers need no quotes, and brokers can be a list.
func ReadAnswers(path string) (answers Values, from map[string]string, err error) {
	var decoded map[string]any
	if _, err := toml.DecodeFile(path, &decoded); err != nil {
		return nil, nil, fmt.Errorf("answers file: %w", err)
	}
	answers, from = make(Values), make(map[string]string)
	var invalid []error
	for _, key := range slices.Sorted(maps.Keys(decoded)) {
		name := strings.ReplaceAll(key, "_", "-")
		if err := checkKey(path, key, name, decoded[key]); err != nil {
			invalid = append(invalid, err)
			continue
		}
		answers[name] = answerOf(decoded[key])
		from[name] = fmt.Sprintf("%s of %s", key, path)
	}
	// The password file can be next to this one, for example on the boot partition of an SD card.
	if file := answers[PasswordFile]; file != "" && !filepath.IsAbs(file) {
		answers[PasswordFile] = filepath.Join(filepath.Dir(path), file)
	}
	return answers, from, errors.Join(invalid...)
}

func checkKey(path, key, name string, value any) error {
	switch {
	case name == password:
		return fmt.Errorf("%s: passwords are not supported here; write the password to a file that only you can read, and set password-file = \"FILE\"", path)
	case !slices.Contains(Names(), name):
		return fmt.Errorf("%s: unknown key %q; the keys are %s", path, key, strings.Join(Names(), ", "))
	}
	switch value.(type) {
	case string, int64, float64, []any:
		return nil
	}
	return fmt.Errorf("%s: key %q must be a string or a number (got %v)", path, key, value)
}
