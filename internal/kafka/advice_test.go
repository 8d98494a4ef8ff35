package kafka

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"tls: failed to verify certificate: x509: certificate has expired or is not yet valid", ": have it made anew (stationctl certs broker)"},
		{"x509: certificate is valid for 192.0.2.7, not 127.0.0.1", ": name the brokers as their certificates do"},
		{"x509: certificate signed by unknown authority", ": is this the authority"},
		{"run out of available brokers: EOF\nx509: certificate has expired", ": have it made anew"},
		{"tls: first record does not look like a TLS handshake", ": this port does not speak TLS"},
		{"message of length 352518912 too large or too small", ": this is no answer of Kafka: does it want TLS"},
		{"kafka server: SASL Authentication failed: invalid credentials", ": are the user's name, the password"},
		{"unexpected EOF", ": the broker closed the connection: does it want TLS or SASL"},
		{"dial tcp: i/o timeout", ": no answer came: is this Kafka's port"},
		{"dial tcp: no such host", ""},
	} {
		if got := Advice(errors.New(c.text)); c.want == "" {
			require.Empty(t, got)
		} else {
			require.Contains(t, got, c.want, c.text)
		}
	}
}
