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

// The names of the answers: as flags, and as keys of the file of answers.
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

// Names lists them in the order in which they are asked.
func Names() []string {
	return []string{Site, Index, Type, DeviceID, Location, Port, BaudRate, Brokers, Replication, TLSCA, Mechanism, Username, PasswordFile}
}

const (
	// None is the answer that there is no such thing.
	None = "none"
	// SystemCA is the answer that the system's authorities are to be trusted.
	SystemCA = "system"
)

// password is an answer that no flag and no file of answers gives.
const password = "password"

// Values are answers by their names, as text.
type Values map[string]string

// over are the values with others where those are not given.
func (v Values) over(others Values) Values {
	all := maps.Clone(others)
	if all == nil {
		all = make(Values)
	}
	maps.Copy(all, v)
	return all
}

// topic is where the station's records go.
func (v Values) topic() string {
	return record.SiteName{Site: v[Site], Index: v[Index], Type: v[Type]}.Topic()
}

// The tables of the configuration file that have the answers.
const (
	inputTable  = "inputs.arduino_serial"
	outputTable = "outputs.kafka_site"
)

// setting is an option of the configuration file and the answer that it comes from.
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

// enableTLS is no answer but follows from that of TLSCA.
const enableTLS = "enable-tls"

// wanted is what an option must say, "" if it must not be set.
func (v Values) wanted(s setting) string {
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

// mechanisms are those that take a user's name and a password. Telegraf knows others, which have options of their own.
func mechanisms() []string { return []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} }

// credentialsElsewhere says that the configuration file logs in in a way that setup leaves alone: by a mechanism that has options of its
// own, or with a secret store.
func (v Values) credentialsElsewhere() bool {
	return v.hasCredentials() && !slices.Contains(mechanisms(), v[Mechanism]) || strings.Contains(v[Username]+v[password], "@{")
}

// leftAlone says that an option is not for setup to change.
func (v Values) leftAlone(s setting) bool {
	return v.credentialsElsewhere() && (s.answer == Mechanism || isSecret(s.key))
}

// literal writes a value as TOML. In a string a "$" would begin the name of a variable.
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

// isSecret says that an option's value belongs into the environment file.
func isSecret(key string) bool { return key == "sasl_username" || key == "sasl_password" }

func quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", "$$").Replace(value) + `"`
}

// answerOf is a value of the configuration file, as an answer.
func answerOf(value any) string {
	switch v := value.(type) {
	case []any:
		var parts []string
		for _, part := range v {
			parts = append(parts, answerOf(part))
		}
		return tidyBrokers(strings.Join(parts, ","))
	case float64:
		return number(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(value)
}

// number always has a decimal point: an array of TOML must not mix ints and floats.
func number(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// tidyBrokers takes out blanks; what is no list of brokers stays as it is.
func tidyBrokers(list string) string {
	parsed, err := kafka.Parse([]string{list})
	if err != nil {
		return list
	}
	return strings.Join(slices.Compact(parsed), ",")
}
