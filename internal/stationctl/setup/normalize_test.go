package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, value, want string }{
		{Site, " JNU ", "JNU"},
		{Index, "1", "1"},
		{Type, "rasp-2.b", "rasp-2.b"},
		{DeviceID, "Raspberry Pi, roof", "Raspberry Pi, roof"},
		{Location, "none", None},
		{Location, "", None},
		{Location, "35.17959, 126.90822", "35.17959,126.90822"},
		{Location, "[35,-126]", "35.0,-126.0"},
		{Port, "/dev/arduino-1", "/dev/arduino-1"},
		{Port, "/dev/serial/by-id/usb-Arduino*", "/dev/serial/by-id/usb-Arduino*"},
		{Port, "usb:2341:0043", "usb:2341:0043"},
		{Port, "tcp://10.0.0.1:3333", "tcp://10.0.0.1:3333"},
		{BaudRate, "115200", "115200"},
		{Brokers, "a:1, b:2", "a:1,b:2"},
		{Replication, "1", "1"},
		{TLSCA, "none", None},
		{TLSCA, "system", SystemCA},
		{Mechanism, "None", None},
		{Mechanism, "scram-sha-512", "SCRAM-SHA-512"},
		{Username, "station", "station"},
		{password, " with blanks ", " with blanks "},
	} {
		got, err := normalize(test.name, test.value)
		require.NoError(t, err, test)
		require.Equal(t, test.want, got)
	}
}

func TestInvalidAnswers(t *testing.T) {
	t.Parallel()
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(noPEM, []byte("x"), 0o600))
	for want, test := range map[string]struct{ name, value string }{
		`option "site"`:                    {Site, "J_NU"},
		`option "index"`:                   {Index, "1 2"},
		`option "type"`:                    {Type, "räsp"},
		`control characters`:               {DeviceID, "a\x1b[A"},
		`(got [91 0])`:                     {Location, "91,0"},
		`(got [NaN 0])`:                    {Location, "nan,0"},
		`LATITUDE,LONGITUDE in degrees`:    {Location, "here"},
		`option "port"`:                    {Port, "ttyACM0"},
		`option "baud_rate"`:               {BaudRate, "9"},
		`the number in Serial.begin()`:     {BaudRate, "fast"},
		`option "brokers"`:                 {Brokers, "kafka-1"},
		`option "replication_factor"`:      {Replication, "0"},
		`at most the number of brokers`:    {Replication, "three"},
		`the absolute path of a file`:      {TLSCA, "ca.pem"},
		`copy the file there first`:        {TLSCA, "/nowhere/ca.pem"},
		`has no certificate in PEM format`: {TLSCA, noPEM},
		`PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or "none" (got "MD5")`: {Mechanism, "md5"},
		`the username is empty`:              {Username, ""},
		`the password must not contain "@{"`: {password, "a@{b:c}"},
	} {
		_, err := normalize(test.name, test.value)
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, checkTopic(answers(Values{Site: strings.Repeat("a", 250)})), "Kafka allows at most 249 characters (got 257)")
}

func TestAnswersFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "telegraf-station.toml")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	write("site = \"GIST\"\nindex = 2\ndevice_id = \"roof\"\nbrokers = [\"a:1\", \"b:2\"]\nlocation = [35, 126.5]\npassword-file = \"secret\"\n")
	given, from, err := ReadAnswers(file)
	require.NoError(t, err)
	require.Equal(t, Values{
		Site: "GIST", Index: "2", DeviceID: "roof", Brokers: "a:1,b:2", Location: "35,126.5", PasswordFile: filepath.Join(filepath.Dir(file), "secret"),
	}, given)
	require.Equal(t, "device_id of "+file, from[DeviceID])
	write("password = \"x\"\nsight = \"GIST\"\n[site]\n")
	_, _, err = ReadAnswers(file)
	require.ErrorContains(t, err, `passwords are not supported here`)
	require.ErrorContains(t, err, `unknown key "sight"; the keys are site, index, type, device-id,`)
	require.ErrorContains(t, err, `key "site" must be a string or a number`)
	write("site = ")
	_, _, err = ReadAnswers(file)
	require.ErrorContains(t, err, "answers file: ")
}
