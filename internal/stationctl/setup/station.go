package setup

import (
	"fmt"
	"maps"
)

// Station is the configuration file of a station on another computer, edited without questions and without tests.
type Station struct {
	path, old, text string
}

// NewStation edits the configuration in the file, or the shipped one if the file does not exist. If the answers have a mechanism, the user
// name and password are read from the variables of the service.
func NewStation(path string, answers Values) (*Station, error) {
	if err := checkWritable(path); err != nil {
		return nil, err
	}
	path, text, err := readText(path)
	if err != nil {
		return nil, err
	}
	c, err := newConfiguration(path, text)
	if err != nil {
		return nil, err
	}
	answers = maps.Clone(answers)
	for name, value := range answers {
		if name == TLSCA { // the file is on the station
			continue
		}
		if answers[name], err = normalize(name, value); err != nil {
			return nil, fmt.Errorf("%s %q: %w", name, value, err)
		}
	}
	variables := map[string]string{usernameVariable: usernameVariable, passwordVariable: passwordVariable}
	answers[Username], answers[password] = usernameVariable, passwordVariable
	if err := c.edit(answers.withDefaults(c.values(variables)), variables); err != nil {
		return nil, err
	}
	return &Station{path, text, c.text}, nil
}

// IsNew reports whether the file does not exist yet.
func (s *Station) IsNew() bool { return s.old == "" }

// Changes reports whether there is something to write.
func (s *Station) Changes() bool { return s.old != s.text }

// Write writes the file; the previous file is kept as FILE.bak.
func (s *Station) Write() error {
	_, err := writeWithBackup(s.path, s.old, s.text)
	return err
}
