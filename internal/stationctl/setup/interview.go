package setup

import (
	"context"
	"fmt"
	"strings"
)

// interview asks a person for what is not given, and again for what is bad.
type interview struct {
	*work
	*terminal
}

func (i *interview) run(ctx context.Context) error {
	i.answers = make(Values)
	i.say("This sets up the station of this computer. Enter takes what is in brackets; Ctrl-C ends it, and nothing is changed.\n\n")
	for {
		if err := i.askAll(ctx, Site, Index, Type, DeviceID); err != nil {
			return err
		}
		err := checkTopic(i.answers)
		if err == nil {
			break
		}
		i.complain(err)
		i.forget(Site, Index, Type)
	}
	if err := i.askAll(ctx, Location); err != nil {
		return err
	}
	i.listPorts()
	if err := i.askAll(ctx, Port, BaudRate); err != nil {
		return err
	}
	return i.askKafkaQuestions(ctx)
}

func (i *interview) askAll(ctx context.Context, names ...string) error {
	for _, name := range names {
		if i.answers[name] != "" {
			continue
		}
		if err := i.answer(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// forget has answers asked for again, also those that were given.
func (i *interview) forget(names ...string) {
	i.Given = i.Given.over(nil)
	for _, name := range names {
		i.existing[name] = i.answers[name]
		delete(i.answers, name)
		delete(i.Given, name)
	}
}

// answer gets one answer: what is given, if it is good, else what the person says.
func (i *interview) answer(ctx context.Context, name string) error {
	value, given := i.Given[name], i.Given[name] != ""
	for {
		if !given {
			var err error
			if value, err = i.put(ctx, name); err != nil {
				return err
			}
		}
		tidied, err := tidy(name, value)
		if err == nil {
			accepted, err := i.accept(ctx, name, tidied)
			if err != nil {
				return err
			}
			if accepted {
				i.answers[name] = tidied
				return nil
			}
		} else {
			i.complain(err)
		}
		given = false
	}
}

func (i *interview) complain(err error) {
	i.say("  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
}

// accept tests what an answer names, and lets the person take it all the same.
func (i *interview) accept(ctx context.Context, name, value string) (bool, error) {
	err := i.doubt(ctx, name, value)
	if err == nil {
		return true, nil
	}
	i.complain(err)
	yes, askErr := i.confirm(ctx, "  Use "+pronoun(name)+" all the same?")
	if yes {
		i.warnings = append(i.warnings, fmt.Sprintf("%s: %v", name, err))
	}
	return yes, askErr
}

func pronoun(name string) string {
	if name == Brokers {
		return "them"
	}
	return "it"
}

// put asks the question. Enter alone takes the default.
func (i *interview) put(ctx context.Context, name string) (string, error) {
	if name == password {
		return i.putPassword(ctx)
	}
	q := questions()[name]
	if q.help != "" {
		i.say("%s\n", q.help)
	}
	preset := i.preset(name)
	prompt := strings.ToUpper(q.what[:1]) + q.what[1:]
	if preset == "" {
		prompt += ", e.g. " + q.example + ":"
	} else {
		prompt += " [" + preset + "]:"
	}
	line, err := i.ask(ctx, prompt)
	line = strings.TrimSpace(line)
	if line == "" {
		line = preset
	}
	if name == Port {
		line = i.byNumber(line)
	}
	return line, err
}

func (i *interview) putPassword(ctx context.Context) (string, error) {
	saved := i.savedPassword()
	prompt := "The user's password (it is not shown):"
	if saved != "" {
		prompt = "The user's password (it is not shown) [as it is]:"
	}
	line, err := i.askSecret(ctx, prompt)
	if line == "" {
		line = saved
	}
	return line, err
}
