package kafka

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"tls: failed to verify certificate: x509: certificate has expired or is not yet valid", "; renew the broker certificate (stationctl certs broker)"},
		{"x509: certificate is valid for 192.0.2.7, not 127.0.0.1", "; use a broker name from the certificate"},
		{"x509: certificate signed by unknown authority", "; check that this CA signed"},
		{"run out of available brokers: EOF\nx509: certificate has expired", "; renew the broker certificate"},
		{"tls: first record does not look like a TLS handshake", "; this port does not use TLS"},
		{"message of length 352518912 too large or too small", "; this is not a response from Kafka: check the port"},
		{"kafka server: SASL Authentication failed: invalid credentials", "; check the user name, the password"},
		{"unexpected EOF", "; the broker closed the connection: check whether it requires TLS or SASL"},
		{"dial tcp: i/o timeout", "; check that this is the port of a Kafka broker"},
		{"invalid large response size 1213486160 > limit 104857600; the four size bytes are 'HTTP'", "; this is not a response from Kafka"},
		{"broker closed the connection immediately during api versions negotiation: is TLS missing?", "; the broker closed the connection"},
		{"dial tcp: no such host", ""},
	} {
		if got := Advice(errors.New(c.text)); c.want == "" {
			require.Empty(t, got)
		} else {
			require.Contains(t, got, c.want, c.text)
		}
	}
}

// Each program names what its user can set.
func TestAdviceNamesOptionsOrFlags(t *testing.T) {
	t.Parallel()
	for _, each := range advice {
		err := errors.New(each.signs[0])
		require.NotContains(t, Advice(err), "--tls", each.fix)
		require.NotContains(t, FlagAdvice(err), "_", each.fix)
		require.NotContains(t, Advice(err)+FlagAdvice(err), "{")
	}
}

// A connection that worked has the right options.
func TestAdviceAfterADrop(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"unexpected EOF", "read: connection reset by peer", "i/o timeout", "message of length 7 too large or too small"} {
		require.Empty(t, AdviceAfterDrop(errors.New(text)), text)
	}
	for text, want := range map[string]string{
		"x509: certificate has expired or is not yet valid": "; renew the broker certificate",
		"kafka server: SASL Authentication failed":          "; check the user name, the password",
	} {
		require.Contains(t, AdviceAfterDrop(errors.New(text)), want)
	}
}
