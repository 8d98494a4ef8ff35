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

// ReadAnswers reads a file of answers: TOML, with the names of the flags. As in the configuration file "_" may stand for "-", numbers
// need no quotes, and brokers may be a list.
func ReadAnswers(path string) (answers Values, from map[string]string, err error) {
	var decoded map[string]any
	if _, err := toml.DecodeFile(path, &decoded); err != nil {
		return nil, nil, fmt.Errorf("file of answers: %w", err)
	}
	answers, from = make(Values), make(map[string]string)
	var bad []error
	for _, key := range slices.Sorted(maps.Keys(decoded)) {
		name := strings.ReplaceAll(key, "_", "-")
		if err := checkKey(path, key, name, decoded[key]); err != nil {
			bad = append(bad, err)
			continue
		}
		answers[name] = answerOf(decoded[key])
		from[name] = fmt.Sprintf("%s of %s", key, path)
	}
	// A password's file may lie beside this one, as on the boot partition of a card that is still in another computer.
	if file := answers[PasswordFile]; file != "" && !filepath.IsAbs(file) {
		answers[PasswordFile] = filepath.Join(filepath.Dir(path), file)
	}
	return answers, from, errors.Join(bad...)
}

func checkKey(path, key, name string, value any) error {
	switch {
	case name == password:
		return fmt.Errorf("%s: a password does not belong here: write it to a file that only you may read, and give password-file = \"FILE\"", path)
	case !slices.Contains(Names(), name):
		return fmt.Errorf("%s: unknown key %q: there are %s", path, key, strings.Join(Names(), ", "))
	}
	switch value.(type) {
	case string, int64, float64, []any:
		return nil
	}
	return fmt.Errorf("%s: key %q must be text or a number (got %v)", path, key, value)
}
