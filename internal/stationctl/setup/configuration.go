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

// configuration is a station's configuration file.
type configuration struct {
	*document
	path string
}

// newConfiguration checks that the answers have one place each in the text.
func newConfiguration(path, text string) (*configuration, error) {
	if strings.TrimSpace(text) == "" {
		text = conf.Pi
	}
	if _, err := toml.Decode(text, &map[string]any{}); err != nil {
		return nil, fmt.Errorf("%s: not good TOML: %w: mend it, or move it away to have a new one made", path, err)
	}
	c := &configuration{parseDocument(text), path}
	for _, table := range []string{inputTable, outputTable} {
		switch c.count(table) {
		case 1:
		case 0:
			return nil, fmt.Errorf("%s: there is no [[%s]]: add it from its README, or move the file away to have a new one made", path, table)
		default:
			return nil, fmt.Errorf("%s: there are several [[%s]], and setup knows one: edit the file by hand", path, table)
		}
	}
	if c.count(inputTable+".board") > 0 {
		return nil, fmt.Errorf("%s: there are several boards, and setup knows one: edit the file by hand", path)
	}
	return c, nil
}

// value is what an option says with the variables put in, and whether it is set.
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

// expand puts variables in as Telegraf does. A variable that must be set and is not leaves nothing.
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

// isExample says that an option is as it was shipped: nobody has answered yet.
func (c *configuration) isExample(s setting, environment map[string]string) bool {
	shipped := parseDocument(conf.Pi)
	if c.raw(s.table, s.key) != shipped.raw(s.table, s.key) || s.answer == BaudRate || s.answer == Replication {
		return false
	}
	value, _ := c.value(s.table, s.key, environment)
	example, _ := (&configuration{document: shipped}).value(s.table, s.key, nil)
	return value == example
}

// values are the answers that the file has already; examples are those that it was shipped with.
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
		answers[Mechanism] = "PLAIN" // Telegraf takes it so
	}
	switch {
	case tls == "false":
		delete(answers, TLSCA)
	case tls == "true" && answers[TLSCA] == "":
		answers[TLSCA] = SystemCA
	}
	return answers
}

// edit puts the answers in. An option that says the same already keeps its form; a secret does so only as a reference.
func (c *configuration) edit(answers Values, environment map[string]string) error {
	before := c.text
	for _, s := range settings() {
		if answers.leftAlone(s) {
			continue
		}
		want := answers.wanted(s)
		has, set := c.value(s.table, s.key, environment)
		switch {
		case want == "" && says(has, want):
		case want == "":
			c.unset(s.table, s.key)
		case set && has == want && !c.isExample(s, environment) && (!isSecret(s.key) || isReference(c.raw(s.table, s.key))):
		default:
			c.set(s.table, s.key, literal(s.key, want))
		}
	}
	return c.verify(before, answers, environment)
}

// says compares what an option has with what it must have: no TLS may also be said by a "false".
func says(has, want string) bool { return has == want || want == "" && has == "false" }

func isReference(raw string) bool {
	return strings.HasPrefix(raw, `"${`) || strings.HasPrefix(raw, `'${`)
}

// verify makes sure that the file says what was answered, and that nothing else changed: no form of TOML that the editing does not
// know may cost a user his work.
func (c *configuration) verify(before string, answers Values, environment map[string]string) error {
	byHand := func(err error) error {
		return fmt.Errorf("%s: cannot be edited without damage (%w): edit it by hand, or move it away to have a new one made", c.path, err)
	}
	old, err := others(before)
	if err != nil {
		return byHand(err)
	}
	changed, err := others(c.text)
	if err != nil {
		return byHand(err)
	}
	if !reflect.DeepEqual(old, changed) {
		return byHand(errors.New("other options would change"))
	}
	for _, s := range settings() {
		if has, _ := c.value(s.table, s.key, environment); !says(has, answers.wanted(s)) && !answers.leftAlone(s) {
			return byHand(fmt.Errorf("option %q is not where it is expected", s.key))
		}
	}
	return nil
}

// others is all of a file but the options that setup sets.
func others(text string) (map[string]any, error) {
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
