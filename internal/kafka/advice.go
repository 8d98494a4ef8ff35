package kafka

import "strings"

// Advice returns what to do about a connection error, in the form "; FIX", to append to it. It is empty if the error is clear enough. It
// matches the text, because the client library keeps only the text of most errors.
func Advice(err error) string {
	text := err.Error()
	for _, a := range advice {
		for _, sign := range a.signs {
			if strings.Contains(text, sign) {
				return "; " + a.fix
			}
		}
	}
	return ""
}

// advice is sorted from the most to the least specific, because one error can contain those of several brokers.
var advice = []struct {
	signs []string
	fix   string
}{
	{[]string{"certificate has expired"}, "renew the broker certificate (stationctl certs broker), or correct the clock of this computer"},
	{[]string{"x509: certificate is valid for", "x509: cannot validate certificate", "x509: certificate is not valid for any"}, "use a broker name from the certificate, or issue a certificate with this name (stationctl certs broker --name)"},
	{[]string{"x509:"}, "check that this CA signed the broker certificates (tls_ca, --tls-ca)"},
	{[]string{"first record does not look like a TLS handshake"}, "this port does not use TLS: set another port, or disable TLS (enable_tls, tls_ca, --tls-ca)"},
	{[]string{"SASL Authentication failed", "SASL authentication failed", "SASL_AUTHENTICATION_FAILED"}, "check the user name, the password, and the SASL mechanism"},
	// The client library interprets the TLS alert of a broker as the length of a response.
	{[]string{"too large or too small", "invalid large response size"}, "this is not a response from Kafka: check the port, and whether it requires TLS (enable_tls, tls_ca, --tls-ca)"},
	{[]string{"EOF", "connection reset by peer", "is TLS missing", "is SASL missing"}, "the broker closed the connection: check whether it requires TLS or SASL (enable_tls, sasl_mechanism), and the password"},
	{[]string{"timeout", "deadline exceeded", "no answer"}, "check that this is the port of a Kafka broker, and whether it requires TLS (enable_tls, tls_ca, --tls-ca)"},
}
