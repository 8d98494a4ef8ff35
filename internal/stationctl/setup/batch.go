package setup

import (
	"context"
	"errors"
	"fmt"
)

// batch takes the answers as they are given. All that is bad is told at once, what is only not there yet is a warning.
func (w *work) batch(ctx context.Context) error {
	w.answers = w.Given.over(w.existing)
	w.fill()
	var bad []error
	for _, name := range Names() {
		if err := w.tidyAnswer(name); err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", w.source(name), err))
		}
	}
	if w.answers.credentialsElsewhere() && w.Given[Mechanism]+w.Given[Username]+w.Given[PasswordFile] != "" {
		bad = append(bad, fmt.Errorf("%s has a way to log in to Kafka that setup leaves alone (%s, or a secret store): give all of --sasl-mechanism, --username and --password-file, or none", w.configuration.path, w.answers[Mechanism]))
	}
	if len(bad) == 0 {
		if err := checkTopic(w.answers); err != nil {
			bad = append(bad, fmt.Errorf("flags --site, --index and --type: %w", err))
		}
	}
	if err := errors.Join(bad...); err != nil {
		return err
	}
	w.warnBatch(ctx)
	return ctx.Err()
}

// fill puts in what follows from the computer where nothing is given.
func (w *work) fill() {
	for name, value := range map[string]string{Location: None, TLSCA: None, Mechanism: None} {
		if w.answers[name] == "" {
			w.answers[name] = value
		}
	}
	if ports := w.System.Ports(); w.answers[Port] == "" && len(ports) == 1 {
		w.answers[Port] = ports[0].Path
	}
}

// tidyAnswer checks one answer, and reads the password's file.
func (w *work) tidyAnswer(name string) error {
	if name == PasswordFile {
		return w.takePassword()
	}
	if w.answers.credentialsElsewhere() && w.Given[name] == "" && (name == Mechanism || name == Username) {
		return nil
	}
	value := w.answers[name]
	if name == Username && !w.answers.hasCredentials() {
		if w.Given[Username] != "" {
			return errors.New("it is without effect: give --sasl-mechanism too, e.g. SCRAM-SHA-512")
		}
		return nil
	}
	switch {
	case value == "" && (name == BaudRate || name == Replication): // the plugins have defaults
		return nil
	case value == "":
		return errors.New(missing(name))
	}
	tidied, err := tidy(name, value)
	if err == nil {
		w.answers[name] = tidied
	}
	return err
}

// missing says what to give.
func missing(name string) string {
	if name == Port {
		return `it is missing: give the Arduino's, e.g. --port /dev/serial/by-id/usb-Arduino... ("ls /dev/serial/by-id" shows the ports that are there), or usb:2341:0043`
	}
	return fmt.Sprintf("it is missing: %s, e.g. --%s %s", questions()[name].what, name, questions()[name].example)
}

func (w *work) takePassword() error {
	file := w.answers[PasswordFile]
	switch {
	case !w.answers.hasCredentials() && file != "":
		return errors.New("it is without effect: give --sasl-mechanism too, e.g. SCRAM-SHA-512")
	case !w.answers.hasCredentials() || w.answers.credentialsElsewhere() && file == "":
		return nil
	}
	if err := checkWritable(w.Environment); err != nil {
		return err
	}
	if file == "" {
		saved, err := tidy(password, w.savedPassword())
		if err != nil {
			return fmt.Errorf("%w: write it to a file that only you may read, and give --password-file FILE", err)
		}
		w.answers[password] = saved
		return nil
	}
	given, err := readPassword(file)
	if err != nil {
		return fmt.Errorf("%w (file %q)", err, file)
	}
	w.answers[password] = given
	return nil
}

func (w *work) warnBatch(ctx context.Context) {
	for _, name := range []string{Port, TLSCA, Brokers} {
		if err := w.doubt(ctx, name, w.answers[name]); err != nil {
			w.warnings = append(w.warnings, fmt.Sprintf("%s: %v", name, err))
		}
	}
	err := w.doubtKafka(ctx)
	if err == nil {
		err = w.kafka.checkSize(w.answers[Replication])
	}
	if err != nil {
		w.warnings = append(w.warnings, err.Error())
	}
}
