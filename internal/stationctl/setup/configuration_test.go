package setup

import (
	"strings"
	"testing"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/kafka_site"
)

func answers(changes Values) Values {
	return changes.withDefaults(Values{
		Site: "GIST", Index: "2", Type: "rasp", DeviceID: "roof", Location: None, Port: "/dev/arduino-1", BaudRate: "115200",
		Brokers: "a:9092,b:9092", Replication: "2", TLSCA: None, Mechanism: None,
	})
}

// edited returns a text with the answers.
func edited(t *testing.T, text string, given Values, environment map[string]string) string {
	t.Helper()
	c, err := newConfiguration("telegraf.conf", text)
	require.NoError(t, err)
	require.NoError(t, c.edit(given, environment))
	return c.text
}

// lines returns the lines that are in only the first text.
func lines(text, without string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if !strings.Contains(without, line) {
			all = append(all, strings.TrimRight(line, "\n"))
		}
	}
	return all
}

func TestShippedConfigurationIsEdited(t *testing.T) {
	t.Parallel()
	given := answers(Values{
		Location: "35.17959,126.90822", TLSCA: "/etc/ca.pem", Mechanism: "SCRAM-SHA-512", Username: "station", password: "secret",
	})
	variables := map[string]string{usernameVariable: "station", passwordVariable: "secret"}
	text := edited(t, "", given, variables)
	require.Equal(t, []string{
		`  port = "/dev/arduino-1"                            # <--`,
		`  baud_rate = 115200                                 # <--`,
		`  device_id = "roof"                                 # <--`,
		`  site = "GIST"                                      # <--`,
		`  index = "2"                                        # <--`,
		`  type = "rasp"                                      # <--`,
		`  location = [35.17959, 126.90822]                   # <--`,
		`  brokers = ["a:9092", "b:9092"]                                            # <--`,
		`  replication_factor = 2`,
		`  enable_tls = true`,
		`  tls_ca = "/etc/ca.pem"`,
		`  sasl_mechanism = "SCRAM-SHA-512"`,
		`  sasl_username = "${KAFKA_USERNAME:?set KAFKA_USERNAME}"`,
		`  sasl_password = "${KAFKA_PASSWORD:?set KAFKA_PASSWORD}"`,
	}, lines(text, conf.Pi))
	require.Equal(t, text, edited(t, text, given, variables), "a second time changes nothing")
	require.Equal(t, strings.Count(conf.Pi, "\n"), strings.Count(text, "\n"))

	back := edited(t, text, answers(Values{Location: None}), variables)
	require.Equal(t, []string{
		`  # location = [35.17959, 126.90822]                   # <--`, `  # enable_tls = true`, `  # tls_ca = "/etc/ca.pem"`, `  # sasl_mechanism = "SCRAM-SHA-512"`,
		`  # sasl_username = "${KAFKA_USERNAME:?set KAFKA_USERNAME}"`, `  # sasl_password = "${KAFKA_PASSWORD:?set KAFKA_PASSWORD}"`,
	}, lines(back, text))
}

// TestTelegrafLoadsTheConfiguration with values that are hard to quote.
func TestTelegrafLoadsTheConfiguration(t *testing.T) {
	hard := `a"b$c\d#e ${HOME} é '漢`
	odd := `p"w$HOME\x#${HOME} $$ 漢`
	given := answers(Values{
		DeviceID: hard, Location: "-35.0,126.5", Mechanism: "PLAIN", Username: "u$$x", password: odd, TLSCA: SystemCA,
	})
	text := edited(t, "", given, map[string]string{usernameVariable: "u$$x", passwordVariable: odd})
	t.Setenv(usernameVariable, "u$$x")
	t.Setenv(passwordVariable, odd)
	loader := config.NewConfig()
	require.NoError(t, loader.LoadConfigData([]byte(text), config.EmptySourcePath))
	input := loader.Inputs[0].Input.(*arduino_serial.ArduinoSerial)
	require.Equal(t, hard, input.DeviceID)
	require.Equal(t, []string{"GIST", "2", "rasp", "/dev/arduino-1"}, []string{input.Site, input.Index, input.Type, input.Port})
	require.Equal(t, 115200, input.BaudRate)
	require.Equal(t, []float64{-35, 126.5}, input.Location)
	output := loader.Outputs[0].Output.(*kafka_site.KafkaSite)
	require.Equal(t, []string{"a:9092", "b:9092"}, output.Brokers)
	require.EqualValues(t, 2, output.ReplicationFactor)
	require.True(t, *output.EnableTLS)
	require.Equal(t, "PLAIN", output.SASLMechanism)
	user, err := output.SASLUsername.Get()
	require.NoError(t, err)
	require.Equal(t, "u$$x", user.String())
	password, err := output.SASLPassword.Get()
	require.NoError(t, err)
	require.Equal(t, odd, password.String())
	require.NotContains(t, text, "p\"w")

	c, err := newConfiguration("telegraf.conf", text)
	require.NoError(t, err)
	require.Equal(t, given, c.values(map[string]string{usernameVariable: "u$$x", passwordVariable: odd}))
}

// TestEditsOfTheUserAreKept in forms that the shipped file does not have.
func TestEditsOfTheUserAreKept(t *testing.T) {
	t.Parallel()
	const text = `# mine
[[inputs.cpu]]
  site = "no"

[[ inputs.arduino_serial ]] # the roof
	"port"='/dev/old' # was: port = "/dev/older"
	baud_rate=115200
	device_id = """roof"""
	site = "${STATION_SITE:-GIST}"
	checksum = "required" # keep
	#location = [1.0, 2.0]
	# type: see below
	index = "2"
	[inputs.arduino_serial.tags]
	  site = "a tag"

[[outputs.kafka_site]]
	brokers = [
		"a:9092", # the first, with a ] and a "
		"b:9092",
	] # two
	replication_factor = 2
	sasl_username = "station"
	sasl_password = "in the open"
	sasl_mechanism = "PLAIN"
	[outputs.kafka_site.tagpass]
	  device_id = ["*"]`
	given := answers(Values{Location: "3.0,4.0", Mechanism: "PLAIN", Username: "station", password: "in the open", TLSCA: SystemCA})
	variables := map[string]string{usernameVariable: "station", passwordVariable: "in the open"}
	want := strings.NewReplacer(
		`'/dev/old' #`, `"/dev/arduino-1" #`,
		`#location = [1.0, 2.0]`, `location = [3.0, 4.0]`,
		"\tindex = \"2\"\n", "\tindex = \"2\"\n\ttype = \"rasp\"\n",
		`"station"`, `"${KAFKA_USERNAME:?set KAFKA_USERNAME}"`,
		`"in the open"`, `"${KAFKA_PASSWORD:?set KAFKA_PASSWORD}"`,
		"\tsasl_mechanism = \"PLAIN\"\n", "\tsasl_mechanism = \"PLAIN\"\n\tenable_tls = true\n",
	).Replace(text)
	got := edited(t, text, given, variables)
	require.Equal(t, want, got)
	require.Equal(t, got, edited(t, got, given, variables))

	other := answers(Values{Brokers: "c:1", Location: None, Mechanism: None})
	got = edited(t, want, other, variables)
	require.Contains(t, got, "\tbrokers = [\"c:1\"] # two\n\treplication_factor = 2\n")
	require.Contains(t, got, "\t# location = [3.0, 4.0]\n")
}

func TestUnmanagedLoginsAreNotChanged(t *testing.T) {
	t.Parallel()
	for _, login := range []string{"sasl_mechanism = \"GSSAPI\"\n", "sasl_mechanism = \"PLAIN\"\nsasl_username = \"u\"\nsasl_password = \"@{store:kafka}\"\n"} {
		text := strings.Replace(conf.Pi, "  # enable_tls = true\n", login, 1)
		c, err := newConfiguration("telegraf.conf", text)
		require.NoError(t, err)
		existing := c.values(nil)
		require.True(t, existing.hasUnmanagedLogin())
		require.NoError(t, c.edit(answers(Values{Mechanism: existing[Mechanism], Username: existing[Username], password: existing[password]}), nil))
		require.Contains(t, c.text, login)
	}
}

func TestLoginWithoutAMechanismIsPlain(t *testing.T) {
	t.Parallel()
	c, err := newConfiguration("telegraf.conf", strings.Replace(conf.Pi, "  # enable_tls = true\n", "  sasl_username = \"u\"\n  sasl_password = \"p\"\n", 1))
	require.NoError(t, err)
	require.Equal(t, "PLAIN", c.values(nil)[Mechanism])
}

func TestExamplesAreNotAnswers(t *testing.T) {
	t.Parallel()
	c, err := newConfiguration("telegraf.conf", "")
	require.NoError(t, err)
	require.Equal(t, Values{BaudRate: "9600", Replication: "3"}, c.values(nil))
	require.Equal(t, Values{BaudRate: "9600", Replication: "3", Site: "GIST", Port: "/dev/x"}, c.values(map[string]string{"STATION_SITE": "GIST", "STATION_PORT": "/dev/x"}))
	got := edited(t, "", answers(nil), map[string]string{"STATION_SITE": "GIST"})
	require.Contains(t, got, `site = "${STATION_SITE:-JNU}"`, "it is already set in the environment of the service")
	require.Contains(t, edited(t, "", answers(Values{Site: "JNU"}), nil), `site = "JNU" `)
}

func TestUnsupportedFiles(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{
		`telegraf.conf: invalid TOML: `:                              "[[inputs.arduino_serial]\n",
		`telegraf.conf: [[inputs.arduino_serial]] is missing`:        "[agent]\n",
		`telegraf.conf: [[outputs.kafka_site]] is missing`:           "[[inputs.arduino_serial]]\n",
		`telegraf.conf: there are several [[inputs.arduino_serial]]`: conf.Pi + "\n[[inputs.arduino_serial]]\n",
		`telegraf.conf: there are several boards`:                    strings.Replace(conf.Pi, "[[outputs", "[[inputs.arduino_serial.board]]\n[[outputs", 1),
	} {
		_, err := newConfiguration("telegraf.conf", text)
		require.ErrorContains(t, err, want)
	}
	// A form of TOML that document does not support is an error, and nothing changes.
	c, err := newConfiguration("telegraf.conf", strings.Replace(conf.Pi, "[[outputs.kafka_site]]", "[[outputs.kafka_site]]\n\"t\\u006cs_ca\" = \"/x\"\n", 1))
	require.NoError(t, err)
	require.ErrorContains(t, c.edit(answers(Values{TLSCA: "/y"}), nil), "telegraf.conf: cannot edit the file safely: ")
}
