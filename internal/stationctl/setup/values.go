package setup

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/kafka"
	"github.com/telegraf-station/telegraf-station/internal/record"
)

// The names of the answers are the names of the flags and the keys of an answers file.
const (
	Site         = "site"
	Index        = "index"
	Type         = "type"
	DeviceID     = "device-id"
	Location     = "location"
	Port         = "port"
	BaudRate     = "baud-rate"
	Brokers      = "brokers"
	Replication  = "replication-factor"
	TLSCA        = "tls-ca"
	Mechanism    = "sasl-mechanism"
	Username     = "username"
	PasswordFile = "password-file"
)

// Names returns the names in the order of the questions.
func Names() []string {
	return []string{Site, Index, Type, DeviceID, Location, Port, BaudRate, Brokers, Replication, TLSCA, Mechanism, Username, PasswordFile}
}

const (
	// None means that it is not used.
	None = "none"
	// SystemCA means that the CAs of the computer are trusted.
	SystemCA = "system"
)

// password is an answer that is neither a flag nor a key.
const password = "password"

// The variables of the credentials in the shipped configuration.
const (
	usernameVariable = "KAFKA_USERNAME"
	passwordVariable = "KAFKA_PASSWORD"
)

// Values are answers by name, as text.
type Values map[string]string

// withDefaults returns the values, and the defaults of missing ones.
func (v Values) withDefaults(defaults Values) Values {
	all := maps.Clone(defaults)
	if all == nil {
		all = make(Values)
	}
	maps.Copy(all, v)
	return all
}

// topic returns the topic of the station.
func (v Values) topic() string {
	return record.SiteName{Site: v[Site], Index: v[Index], Type: v[Type]}.Topic()
}

// The tables of the configuration file with the options.
const (
	inputTable  = "inputs.arduino_serial"
	outputTable = "outputs.kafka_site"
)

// setting is an option in the configuration file and its answer.
type setting struct {
	table, key, answer string
}

func settings() []setting {
	return []setting{
		{inputTable, "port", Port},
		{inputTable, "baud_rate", BaudRate},
		{inputTable, "device_id", DeviceID},
		{inputTable, "site", Site},
		{inputTable, "index", Index},
		{inputTable, "type", Type},
		{inputTable, "location", Location},
		{outputTable, "brokers", Brokers},
		{outputTable, "replication_factor", Replication},
		{outputTable, "enable_tls", enableTLS},
		{outputTable, "tls_ca", TLSCA},
		{outputTable, "sasl_mechanism", Mechanism},
		{outputTable, "sasl_username", Username},
		{outputTable, "sasl_password", password},
	}
}

// enableTLS is not an answer: it follows from TLSCA.
const enableTLS = "enable-tls"

// optionValue returns the value of an option, or "" if it must not be set.
func (v Values) optionValue(s setting) string {
	value := v[s.answer]
	switch s.answer {
	case enableTLS:
		if ca := v[TLSCA]; ca != "" && ca != None {
			return "true"
		}
	case TLSCA:
		if value == SystemCA || value == None {
			return ""
		}
	case Mechanism, Location:
		if value == None {
			return ""
		}
	case Username, password:
		if !v.hasCredentials() {
			return ""
		}
	}
	return value
}

func (v Values) hasCredentials() bool { return v[Mechanism] != "" && v[Mechanism] != None }

// mechanisms returns those that need a user name and a password. Telegraf supports other mechanisms, which have their own options.
func mechanisms() []string { return []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} }

// hasUnmanagedLogin reports whether setup does not manage the login: it uses another mechanism, or a secret store.
func (v Values) hasUnmanagedLogin() bool {
	return v.hasCredentials() && !slices.Contains(mechanisms(), v[Mechanism]) || strings.Contains(v[Username]+v[password], "@{")
}

// isUnmanaged reports whether setup must not change an option.
func (v Values) isUnmanaged(s setting) bool {
	return v.hasUnmanagedLogin() && (s.answer == Mechanism || isSecret(s.key))
}

// literal returns a value as TOML. In a string, "$" is escaped, because it starts a variable.
func literal(key, value string) string {
	switch key {
	case "baud_rate", "replication_factor", "enable_tls":
		return value
	case "location":
		return "[" + strings.ReplaceAll(value, ",", ", ") + "]"
	case "brokers":
		var quoted []string
		for broker := range strings.SplitSeq(value, ",") {
			quoted = append(quoted, quote(broker))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case "sasl_username":
		return `"${KAFKA_USERNAME:?set KAFKA_USERNAME}"`
	case "sasl_password":
		return `"${KAFKA_PASSWORD:?set KAFKA_PASSWORD}"`
	}
	return quote(value)
}

// isSecret reports whether the value of an option is in the environment file.
func isSecret(key string) bool { return key == "sasl_username" || key == "sasl_password" }

func quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", "$$").Replace(value) + `"`
}

// answerOf returns a value in the configuration file as an answer.
func answerOf(value any) string {
	switch v := value.(type) {
	case []any:
		var parts []string
		for _, part := range v {
			parts = append(parts, answerOf(part))
		}
		return normalizeBrokers(strings.Join(parts, ","))
	case float64:
		return number(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(value)
}

// number always writes a decimal point: a TOML array must not mix integers and floats.
func number(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// normalizeBrokers removes spaces and duplicates; an invalid list is unchanged.
func normalizeBrokers(list string) string {
	parsed, err := kafka.Parse([]string{list})
	if err != nil {
		return list
	}
	return strings.Join(slices.Compact(parsed), ",")
}
