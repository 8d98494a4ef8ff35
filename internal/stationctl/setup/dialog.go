package setup

import (
	"context"
	"fmt"
	"strings"
)

// dialog asks the user for missing answers, and again for invalid ones.
type dialog struct {
	*session
	*terminal
}

func (i *dialog) run(ctx context.Context) error {
	i.answers = make(Values)
	i.printf("This sets up the station on this computer. Press Enter to accept the value in brackets, or Ctrl-C to stop without changes.\n\n")
	for {
		if err := i.askAll(ctx, Site, Index, Type, DeviceID); err != nil {
			return err
		}
		err := checkTopic(i.answers)
		if err == nil {
			break
		}
		i.printError(err)
		i.askAgain(Site, Index, Type)
	}
	if err := i.askAll(ctx, Location); err != nil {
		return err
	}
	i.listPorts()
	if err := i.askAll(ctx, Port, BaudRate); err != nil {
		return err
	}
	return i.askConnection(ctx)
}

func (i *dialog) askAll(ctx context.Context, names ...string) error {
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

// askAgain discards answers, also those that were given, so that they are asked for again.
func (i *dialog) askAgain(names ...string) {
	i.Given = i.Given.withDefaults(nil)
	for _, name := range names {
		i.existing[name] = i.answers[name]
		delete(i.answers, name)
		delete(i.Given, name)
	}
}

// answer gets one answer: the given one if it is valid, otherwise that of the user.
func (i *dialog) answer(ctx context.Context, name string) error {
	value, given := i.Given[name], i.Given[name] != ""
	for {
		if !given {
			var err error
			if value, err = i.askQuestion(ctx, name); err != nil {
				return err
			}
		}
		normalized, err := normalize(name, value)
		if err == nil {
			accepted, err := i.accept(ctx, name, normalized)
			if err != nil {
				return err
			}
			if accepted {
				i.answers[name] = normalized
				return nil
			}
		} else {
			i.printError(err)
		}
		given = false
	}
}

func (i *dialog) printError(err error) {
	i.printf("  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
}

// accept probes a valid answer and, if that fails, asks the user whether to use it anyway.
func (i *dialog) accept(ctx context.Context, name, value string) (bool, error) {
	err := i.probe(ctx, name, value)
	if err == nil {
		return true, nil
	}
	i.printError(err)
	yes, askErr := i.confirm(ctx, "  Continue anyway?")
	if yes {
		i.warnings = append(i.warnings, fmt.Sprintf("%s: %v", name, err))
	}
	return yes, askErr
}

// askQuestion asks a question. Enter accepts the default.
func (i *dialog) askQuestion(ctx context.Context, name string) (string, error) {
	if name == password {
		return i.askPassword(ctx)
	}
	q := questions()[name]
	if q.help != "" {
		i.printf("%s\n", q.help)
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

func (i *dialog) askPassword(ctx context.Context) (string, error) {
	current := i.currentPassword()
	prompt := "Password of the user (not shown):"
	if current != "" {
		prompt = "Password of the user (not shown) [unchanged]:"
	}
	line, err := i.askSecret(ctx, prompt)
	if line == "" {
		line = current
	}
	return line, err
}
