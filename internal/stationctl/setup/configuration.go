package setup

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/compose-spec/compose-go/template"

	"github.com/telegraf-station/telegraf-station/conf"
)

// configuration is the configuration file of a station.
type configuration struct {
	*document
	path string
}

// newConfiguration checks that each option can be in only one place.
func newConfiguration(path, text string) (*configuration, error) {
	if strings.TrimSpace(text) == "" {
		text = conf.Pi
	}
	if _, err := toml.Decode(text, &map[string]any{}); err != nil {
		return nil, fmt.Errorf("%s: invalid TOML: %w; fix it, or move it away to get a new one", path, err)
	}
	c := &configuration{parseDocument(text), path}
	for _, table := range []string{inputTable, outputTable} {
		switch c.count(table) {
		case 1:
		case 0:
			return nil, fmt.Errorf("%s: [[%s]] is missing; add it as shown in its README, or move the file away to get a new one", path, table)
		default:
			return nil, fmt.Errorf("%s: there are several [[%s]], but setup supports only one; edit the file by hand", path, table)
		}
	}
	if c.count(inputTable+".board") > 0 {
		return nil, fmt.Errorf("%s: there are several boards, but setup supports only one; edit the file by hand", path)
	}
	return c, nil
}

// value returns an option with its variables expanded, and whether it is set.
func (c *configuration) value(table, key string, environment map[string]string) (value string, set bool) {
	raw := c.raw(table, key)
	if raw == "" {
		return "", false
	}
	var decoded map[string]any
	if _, err := toml.Decode("v = "+raw, &decoded); err != nil {
		return "", false
	}
	value = answerOf(expand(decoded["v"], environment))
	return value, value != ""
}

// expand expands variables as Telegraf does. If a required variable is not set, the value is empty.
func expand(value any, environment map[string]string) any {
	switch v := value.(type) {
	case string:
		expanded, err := template.SubstituteWithOptions(v, func(name string) (string, bool) {
			value, set := environment[name]
			return value, set
		}, template.WithoutLogging)
		if err != nil {
			return ""
		}
		return expanded
	case []any:
		var all []any
		for _, element := range v {
			all = append(all, expand(element, environment))
		}
		return all
	}
	return value
}

// isExample reports whether an option still has its shipped value, which is not an answer.
func (c *configuration) isExample(s setting, environment map[string]string) bool {
	shipped := parseDocument(conf.Pi)
	if c.raw(s.table, s.key) != shipped.raw(s.table, s.key) || s.answer == BaudRate || s.answer == Replication {
		return false
	}
	value, _ := c.value(s.table, s.key, environment)
	example, _ := (&configuration{document: shipped}).value(s.table, s.key, nil)
	return value == example
}

// values returns the answers that the file has.
func (c *configuration) values(environment map[string]string) Values {
	answers := make(Values)
	tls := ""
	for _, s := range settings() {
		value, set := c.value(s.table, s.key, environment)
		switch {
		case !set || c.isExample(s, environment):
		case s.answer == enableTLS:
			tls = value
		default:
			answers[s.answer] = value
		}
	}
	if answers[Username] != "" && answers[Mechanism] == "" {
		answers[Mechanism] = "PLAIN" // the default of Telegraf
	}
	switch {
	case tls == "false":
		delete(answers, TLSCA)
	case tls == "true" && answers[TLSCA] == "":
		answers[TLSCA] = SystemCA
	}
	return answers
}

// edit sets the options. An option that already has the value keeps its form; a secret only if it is a reference.
func (c *configuration) edit(answers Values, environment map[string]string) error {
	before := c.text
	for _, s := range settings() {
		if answers.isUnmanaged(s) {
			continue
		}
		value := answers.optionValue(s)
		current, set := c.value(s.table, s.key, environment)
		switch {
		case value == "" && matches(current, value):
		case value == "":
			c.unset(s.table, s.key)
		case set && current == value && !c.isExample(s, environment) && (!isSecret(s.key) || isReference(c.raw(s.table, s.key))):
		default:
			c.set(s.table, s.key, literal(s.key, value))
		}
	}
	return c.verify(before, answers, environment)
}

// matches reports whether an option has a value; "false" is the same as no value.
func matches(current, value string) bool {
	return current == value || value == "" && current == "false"
}

func isReference(raw string) bool {
	return strings.HasPrefix(raw, `"${`) || strings.HasPrefix(raw, `'${`)
}

// verify checks that the file has the answers and that no other option changed, in case it uses a form of TOML that document does not
// support.
func (c *configuration) verify(before string, answers Values, environment map[string]string) error {
	byHand := func(err error) error {
		return fmt.Errorf("%s: cannot edit the file safely: %w; edit it by hand, or move it away to get a new one", c.path, err)
	}
	old, err := otherOptions(before)
	if err != nil {
		return byHand(err)
	}
	changed, err := otherOptions(c.text)
	if err != nil {
		return byHand(err)
	}
	if !reflect.DeepEqual(old, changed) {
		return byHand(errors.New("other options would change"))
	}
	for _, s := range settings() {
		if current, _ := c.value(s.table, s.key, environment); !matches(current, answers.optionValue(s)) && !answers.isUnmanaged(s) {
			return byHand(fmt.Errorf("option %q is not in the expected place", s.key))
		}
	}
	return nil
}

// otherOptions returns everything in a file except the options that setup sets.
func otherOptions(text string) (map[string]any, error) {
	var all map[string]any
	if _, err := toml.Decode(text, &all); err != nil {
		return nil, err
	}
	for _, s := range settings() {
		kind, name, _ := strings.Cut(s.table, ".")
		plugins, _ := all[kind].(map[string]any)
		for _, table := range tables(plugins[name]) {
			maps.DeleteFunc(table, func(key string, _ any) bool { return key == s.key })
		}
	}
	return all, nil
}

func tables(value any) []map[string]any {
	switch v := value.(type) {
	case []map[string]any:
		return v
	case map[string]any:
		return []map[string]any{v}
	}
	return nil
}
