package doctor

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/IBM/sarama"
)

// sasl logs in to each broker.
func (k *connection) sasl(reached []string) result {
	_, err := forEach(reached, k.requestBrokers)
	mechanism := string(k.settings.Net.SASL.Mechanism)
	switch {
	case err == nil && !k.settings.Net.SASL.Enable:
		return ok("Kafka requires no login")
	case err == nil:
		return ok("logged in as %q (%s)", k.user(), mechanism)
	case errors.Is(err, sarama.ErrUnsupportedSASLMechanism):
		return failed(k.fixLogin("SCRAM-SHA-512", k.user()), "Kafka does not support logins with %s: %v", mechanism, err)
	case k.settings.Net.SASL.Enable:
		return failed(k.fixLogin(mechanism, k.user()), "Kafka rejected the login of user %q (%s): %v; check the password", k.user(), mechanism, err)
	case errors.Is(err, io.EOF), strings.Contains(err.Error(), "reset by peer"):
		return failed(k.fixLogin("SCRAM-SHA-512", "USER"), "Kafka closed the connection: %v; it probably requires a user name and a password", err)
	}
	return failed("", "%v", err)
}

// requestBrokers logs in to a broker and sends a request, which fails if a login is required and there is none.
func (k *connection) requestBrokers(address string) error {
	return k.withBroker(address, func(broker *sarama.Broker) error {
		_, err := broker.GetMetadata(brokersRequest())
		return err
	})
}

// fixLogin sets the user name and the password, which is read from a file.
func (k *connection) fixLogin(mechanism, user string) string {
	if k.setupKnows {
		return k.fixSetup("--sasl-mechanism", mechanism, "--username", quote(user), "--password-file", "kafka-password")
	}
	return fmt.Sprintf("sudoedit %s  # KAFKA_USERNAME=%s and KAFKA_PASSWORD=...; in %s sasl_mechanism = %q", quote(k.Environment), user, k.Configuration, mechanism)
}
