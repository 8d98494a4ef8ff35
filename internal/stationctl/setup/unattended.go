package setup

import (
	"context"
	"errors"
	"fmt"
)

// unattended uses the answers without questions. It reports all invalid answers together; what does not exist yet is a warning.
func (w *session) unattended(ctx context.Context) error {
	w.answers = w.Given.withDefaults(w.existing)
	w.applyDefaults()
	var invalid []error
	for _, name := range Names() {
		if err := w.normalizeAnswer(name); err != nil {
			invalid = append(invalid, fmt.Errorf("%s: %w", w.source(name), err))
		}
	}
	if w.answers.hasUnmanagedLogin() && w.Given[Mechanism]+w.Given[Username]+w.Given[PasswordFile] != "" {
		invalid = append(invalid, fmt.Errorf("%s has a login that setup does not manage (%s, or a secret store); set all of --sasl-mechanism, --username, and --password-file, or none", w.configuration.path, w.answers[Mechanism]))
	}
	if len(invalid) == 0 {
		if err := checkTopic(w.answers); err != nil {
			invalid = append(invalid, fmt.Errorf("flags --site, --index, and --type: %w", err))
		}
	}
	if err := errors.Join(invalid...); err != nil {
		return err
	}
	w.probeAll(ctx)
	return ctx.Err()
}

// applyDefaults sets missing answers for which there is a default.
func (w *session) applyDefaults() {
	for name, value := range map[string]string{Location: None, TLSCA: None, Mechanism: None} {
		if w.answers[name] == "" {
			w.answers[name] = value
		}
	}
	if ports := w.System.Ports(); w.answers[Port] == "" && len(ports) == 1 {
		w.answers[Port] = ports[0].Path
	}
}

// normalizeAnswer checks and normalizes one answer, and reads the password file.
func (w *session) normalizeAnswer(name string) error {
	if name == PasswordFile {
		return w.readPasswordAnswer()
	}
	if w.answers.hasUnmanagedLogin() && w.Given[name] == "" && (name == Mechanism || name == Username) {
		return nil
	}
	value := w.answers[name]
	if name == Username && !w.answers.hasCredentials() {
		if w.Given[Username] != "" {
			return errors.New("requires --sasl-mechanism, e.g. SCRAM-SHA-512")
		}
		return nil
	}
	switch {
	case value == "" && (name == BaudRate || name == Replication): // the plugins have defaults
		return nil
	case value == "":
		return errors.New(missingText(name))
	}
	normalized, err := normalize(name, value)
	if err == nil {
		w.answers[name] = normalized
	}
	return err
}

// missingText returns the error for a missing answer.
func missingText(name string) string {
	if name == Port {
		return `missing; set the port of the board, e.g. --port /dev/serial/by-id/usb-Arduino... ("ls /dev/serial/by-id" lists the connected ports), or usb:2341:0043`
	}
	return fmt.Sprintf("missing; set the %s, e.g. --%s %s", questions()[name].what, name, questions()[name].example)
}

func (w *session) readPasswordAnswer() error {
	file := w.answers[PasswordFile]
	switch {
	case !w.answers.hasCredentials() && file != "":
		return errors.New("requires --sasl-mechanism, e.g. SCRAM-SHA-512")
	case !w.answers.hasCredentials() || w.answers.hasUnmanagedLogin() && file == "":
		return nil
	}
	if err := checkWritable(w.Environment); err != nil {
		return err
	}
	if file == "" {
		current, err := normalize(password, w.currentPassword())
		if err != nil {
			return fmt.Errorf("%w; write it to a file that only you can read, and set --password-file FILE", err)
		}
		w.answers[password] = current
		return nil
	}
	content, err := readPassword(file)
	if err != nil {
		return fmt.Errorf("%w (file %q)", err, file)
	}
	w.answers[password] = content
	return nil
}

func (w *session) probeAll(ctx context.Context) {
	for _, name := range []string{Port, TLSCA, Brokers} {
		if err := w.probe(ctx, name, w.answers[name]); err != nil {
			w.warnings = append(w.warnings, fmt.Sprintf("%s: %v", name, err))
		}
	}
	err := w.probeKafka(ctx)
	if err == nil {
		err = w.kafka.checkSize(w.answers[Replication])
	}
	if err != nil {
		w.warnings = append(w.warnings, err.Error())
	}
}
