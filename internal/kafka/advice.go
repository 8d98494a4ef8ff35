package kafka

import "strings"

// Advice returns what to do about an error of an agent that has not been connected yet, in the form "; FIX", to append to it. It names the
// options of the plugins. It is empty if the error is clear enough. It matches the text, because the client library keeps only the text of
// most errors.
func Advice(err error) string {
	return adviceFor(err, false, strings.NewReplacer("{tls}", "enable_tls", "{ca}", "tls_ca", "{sasl}", "sasl_mechanism"))
}

// FlagAdvice is Advice with the flags of stationctl.
func FlagAdvice(err error) string {
	return adviceFor(err, false, strings.NewReplacer("{tls}", "--tls", "{ca}", "--tls-ca", "{sasl}", "--sasl-mechanism"))
}

// AdviceAfterDrop is Advice for a connection that worked before: its options are right, so only what can change in the meantime is named.
func AdviceAfterDrop(err error) string {
	return adviceFor(err, true, strings.NewReplacer("{tls}", "enable_tls", "{ca}", "tls_ca", "{sasl}", "sasl_mechanism"))
}

func adviceFor(err error, worked bool, names *strings.Replacer) string {
	text := err.Error()
	for _, a := range advice {
		for _, sign := range a.signs {
			switch {
			case !strings.Contains(text, sign):
			case worked && !a.canStart:
				return ""
			default:
				return "; " + names.Replace(a.fix)
			}
		}
	}
	return ""
}

// advice is sorted from the most to the least specific, because one error can contain those of several brokers. What canStart after the
// connection has worked is not a wrong option.
var advice = []struct {
	signs    []string
	fix      string
	canStart bool
}{
	{[]string{"certificate has expired"}, "renew the broker certificate (stationctl certs broker), or correct the clock of this computer", true},
	{[]string{"x509: certificate is valid for", "x509: cannot validate certificate", "x509: certificate is not valid for any"}, "use a broker name from the certificate, or issue a certificate with this name (stationctl certs broker --name)", true},
	{[]string{"x509:"}, "check that this CA signed the broker certificates ({ca})", true},
	{[]string{"first record does not look like a TLS handshake"}, "this port does not use TLS: set another port, or disable TLS ({tls}, {ca})", false},
	{[]string{"SASL Authentication failed", "SASL authentication failed", "SASL_AUTHENTICATION_FAILED"}, "check the user name, the password, and the SASL mechanism", true},
	// The client library interprets the TLS alert of a broker as the length of a response.
	{[]string{"too large or too small", "invalid large response size"}, "this is not a response from Kafka: check the port, and whether it requires TLS ({tls}, {ca})", false},
	{[]string{"EOF", "connection reset by peer", "is TLS missing", "is SASL missing"}, "the broker closed the connection: check whether it requires TLS or SASL ({tls}, {sasl}), and the password", false},
	{[]string{"timeout", "deadline exceeded", "no answer"}, "check that this is the port of a Kafka broker, and whether it requires TLS ({tls}, {ca})", false},
}
