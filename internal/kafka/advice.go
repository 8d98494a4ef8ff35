package kafka

import "strings"

// Advice is what to do about an error of a connection, to be put behind it; empty: it says enough. It goes by the text, as the client
// library keeps only that of most errors.
func Advice(err error) string {
	text := err.Error()
	for _, a := range advice {
		for _, sign := range a.signs {
			if strings.Contains(text, sign) {
				return ": " + a.says
			}
		}
	}
	return ""
}

// advice goes from what says most to what says least, since an error may be of several brokers.
var advice = []struct {
	signs []string
	says  string
}{
	{[]string{"certificate has expired"}, "have it made anew (stationctl certs broker), or set this computer's clock, if that is wrong"},
	{[]string{"x509: certificate is valid for", "x509: cannot validate certificate", "x509: certificate is not valid for any"}, "name the brokers as their certificates do, or have certificates made with this name (stationctl certs broker --name)"},
	{[]string{"x509:"}, "is this the authority that signed the brokers' certificates (tls_ca, --tls-ca)?"},
	{[]string{"first record does not look like a TLS handshake"}, "this port does not speak TLS: give another port, or no TLS (enable_tls, tls_ca, --tls-ca)"},
	{[]string{"SASL Authentication failed", "SASL authentication failed"}, "are the user's name, the password and the mechanism right?"},
	// A broker's TLS alert is taken for the length of an answer.
	{[]string{"too large or too small"}, "this is no answer of Kafka: does it want TLS (enable_tls, tls_ca, --tls-ca)?"},
	{[]string{"EOF", "connection reset by peer"}, "the broker closed the connection: does it want TLS or SASL (enable_tls, sasl_mechanism), or refuse the password?"},
	{[]string{"timeout", "deadline exceeded", "no answer"}, "no answer came: is this Kafka's port, and does it want TLS or not (enable_tls, tls_ca, --tls-ca)?"},
}
