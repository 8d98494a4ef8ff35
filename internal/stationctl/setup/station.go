package setup

import (
	"fmt"
	"maps"
)

// Station is the configuration file of a station that is elsewhere: made without asking, and without trying what it names.
type Station struct {
	path, old, text string
}

// NewStation edits the configuration in the file, or the shipped one if there is none. If the answers have a mechanism, user name and
// password are left to the variables of the service.
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
		if name == TLSCA { // the file is the station's
			continue
		}
		if answers[name], err = tidy(name, value); err != nil {
			return nil, fmt.Errorf("%s %q: %w", name, value, err)
		}
	}
	variables := map[string]string{usernameVariable: usernameVariable, passwordVariable: passwordVariable}
	answers[Username], answers[password] = usernameVariable, passwordVariable
	if err := c.edit(answers.over(c.values(variables)), variables); err != nil {
		return nil, err
	}
	return &Station{path, text, c.text}, nil
}

// IsNew says that there is no such file yet.
func (s *Station) IsNew() bool { return s.old == "" }

// Changes says that there is something to write.
func (s *Station) Changes() bool { return s.old != s.text }

// Write has the file as it was before beside it, as setup does.
func (s *Station) Write() error {
	_, err := putKeeping(s.path, s.old, s.text)
	return err
}
