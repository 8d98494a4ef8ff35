package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGoodAnswers(t *testing.T) {
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
		got, err := tidy(test.name, test.value)
		require.NoError(t, err, test)
		require.Equal(t, test.want, got)
	}
}

func TestBadAnswers(t *testing.T) {
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(noPEM, []byte("x"), 0o600))
	for want, test := range map[string]struct{ name, value string }{
		`option "site" must not contain "_": it separates the parts of the topic name (got "J_NU")`:                                                             {Site, "J_NU"},
		`option "index" must consist of the letters A-Z and a-z, digits, "." and "-": it is part of the topic name (got "1 2")`:                                 {Index, "1 2"},
		`option "type" must consist of the letters A-Z and a-z, digits, "." and "-": it is part of the topic name (got "räsp")`:                                 {Type, "räsp"},
		`it must not contain control characters or invalid UTF-8`:                                                                                               {DeviceID, "a\x1b[A"},
		`option "location" must be [latitude, longitude] in degrees, -90..90 and -180..180 (got [91 0])`:                                                        {Location, "91,0"},
		`option "location" must be [latitude, longitude] in degrees, -90..90 and -180..180 (got [NaN 0])`:                                                       {Location, "nan,0"},
		`it must be LATITUDE,LONGITUDE in degrees, e.g. 35.17959,126.90822, or "none" (got "here")`:                                                             {Location, "here"},
		`option "port" must be a path like "/dev/ttyACM0", a glob like "/dev/serial/by-id/usb-Arduino*", "usb:2341:0043", or "tcp://host:port" (got "ttyACM0")`: {Port, "ttyACM0"},
		`option "baud_rate" must be between 50 and 4000000, and the same as in the sketch's Serial.begin() (got 9)`:                                             {BaudRate, "9"},
		`it must be a number, the one in the sketch's Serial.begin(), e.g. 9600 (got "fast")`:                                                                   {BaudRate, "fast"},
		`option "brokers" must be a list of host:port, e.g. ["kafka-1:9092"] (got "kafka-1")`:                                                                   {Brokers, "kafka-1"},
		`option "replication_factor" must be from 1 to the number of brokers (got 0)`:                                                                           {Replication, "0"},
		`it must be a number, at most that of the brokers, e.g. 3 (got "three")`:                                                                                {Replication, "three"},
		`it must be "none", "system" (the system's authorities) or the absolute path of a file (got "ca.pem")`:                                                  {TLSCA, "ca.pem"},
		`open /nowhere/ca.pem: no such file or directory: copy the file there first (got "/nowhere/ca.pem")`:                                                    {TLSCA, "/nowhere/ca.pem"},
		`there is no certificate in it: it must be PEM, "-----BEGIN CERTIFICATE-----" (got "` + noPEM + `")`:                                                    {TLSCA, noPEM},
		`it must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or "none" (got "MD5"): others have options of their own, which you can set in the configuration file`:   {Mechanism, "md5"},
		`the username is empty`: {Username, ""},
		`the password must not contain "@{": Telegraf takes it for the name of a secret in a store`: {password, "a@{b:c}"},
	} {
		_, err := tidy(test.name, test.value)
		require.EqualError(t, err, want)
	}
	require.ErrorContains(t, checkTopic(answers(Values{Site: strings.Repeat("a", 250)})), "Kafka allows at most 249 characters (got 257)")
}

func TestAnswersFromAFile(t *testing.T) {
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
	require.ErrorContains(t, err, `a password does not belong here: write it to a file that only you may read, and give password-file = "FILE"`)
	require.ErrorContains(t, err, `unknown key "sight": there are site, index, type, device-id,`)
	require.ErrorContains(t, err, `key "site" must be text or a number`)
	write("site = ")
	_, _, err = ReadAnswers(file)
	require.ErrorContains(t, err, "file of answers: ")
}
