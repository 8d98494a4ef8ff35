package arduino_serial

import (
	"errors"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"
	_ "github.com/influxdata/telegraf/plugins/parsers/csv"
	_ "github.com/influxdata/telegraf/plugins/parsers/value"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

// newPlugin is a plugin with good options and, where the test says so, others.
func newPlugin(change func(*ArduinoSerial)) *ArduinoSerial {
	plugin := inputs.Inputs["arduino_serial"]().(*ArduinoSerial)
	plugin.Port = "/dev/ttyACM0"
	plugin.DeviceID, plugin.Site, plugin.Index, plugin.Type = "RaspberryPi", "JNU", "1", "rasp"
	plugin.Log = testutil.Logger{Quiet: true}
	plugin.Statistics = selfstat.NewCollector(map[string]string{})
	if change != nil {
		change(plugin)
	}
	return plugin
}

func TestGoodOptions(t *testing.T) {
	for name, change := range map[string]func(*ArduinoSerial){
		"defaults":       nil,
		"glob":           func(a *ArduinoSerial) { a.Port = "/dev/serial/by-id/usb-Arduino*" },
		"usb":            func(a *ArduinoSerial) { a.Port = "usb:2341:0043" },
		"usb and serial": func(a *ArduinoSerial) { a.Port = "usb:2341:0043:85531303231351D0E0B1" },
		"network":        func(a *ArduinoSerial) { a.Port = "tcp://127.0.0.1:3333" },
		"framing":        func(a *ArduinoSerial) { a.Framing = "7E2" },
		"odd":            func(a *ArduinoSerial) { a.Framing = "8O1" },
		"location":       func(a *ArduinoSerial) { a.Location = []float64{-90, 180} },
		"reset never":    func(a *ArduinoSerial) { a.ResetOnOpen = "never" },
		"reset always":   func(a *ArduinoSerial) { a.ResetOnOpen = "always" },
		"checksum":       func(a *ArduinoSerial) { a.Checksum = "required" },
		"csv":            func(a *ArduinoSerial) { a.LineFormat, a.Columns = "csv", []string{"temp", "light"} },
		"key=value":      func(a *ArduinoSerial) { a.LineFormat = "key_value" },
		"nmea":           func(a *ArduinoSerial) { a.LineFormat = "nmea" },
		"capture":        func(a *ArduinoSerial) { a.CaptureFile, a.CaptureSize = "/var/tmp/station.capture", 64<<10 },
		"two boards":     func(a *ArduinoSerial) { twoBoards(a) },
		"topic parts":    func(a *ArduinoSerial) { a.Site, a.Index, a.Type = "Jeju-Si.2", "01", "pi-4" },
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, newPlugin(change).Init())
		})
	}
}

func twoBoards(a *ArduinoSerial) {
	a.Port, a.DeviceID = "", ""
	a.Boards = []Board{{Port: "/dev/ttyACM0", DeviceID: "roof"}, {Port: "/dev/ttyACM1", DeviceID: "yard"}}
}

// TestWrongOptions holds every message that a wrong option provokes.
func TestWrongOptions(t *testing.T) {
	failing := func() (telegraf.Parser, error) { return nil, errors.New("undefined but requested parser: jsn") }
	for want, change := range map[string]func(*ArduinoSerial){
		`option "port" is required, e.g. port = "/dev/ttyACM0"; list the ports with "ls /dev/serial/by-id"`:                                                                         func(a *ArduinoSerial) { a.Port = "" },
		`option "port" must be a path like "/dev/ttyACM0", a glob like "/dev/serial/by-id/usb-Arduino*", "usb:2341:0043", or "tcp://host:port" (got "COM3")`:                        func(a *ArduinoSerial) { a.Port = "COM3" },
		`option "port" must be a valid glob: syntax error in pattern (got "/dev/tty[ACM0")`:                                                                                         func(a *ArduinoSerial) { a.Port = "/dev/tty[ACM0" },
		`option "port" must be "usb:VENDOR:PRODUCT" or "usb:VENDOR:PRODUCT:SERIAL" for a USB port, with the four-digit IDs that lsusb shows, e.g. "usb:2341:0043" (got "usb:2341")`: func(a *ArduinoSerial) { a.Port = "usb:2341" },
		`option "port" must be "tcp://host:port" for a network port (got "tcp://pi")`:                                                                                               func(a *ArduinoSerial) { a.Port = "tcp://pi" },

		`option "baud_rate" must be between 50 and 4000000, and the same as in the sketch's Serial.begin() (got 0)`: func(a *ArduinoSerial) { a.BaudRate = 0 },
		`option "framing" must be data bits 5-8, parity N, E, or O, stop bits 1 or 2, as in "8N1" (got "8n1")`:      func(a *ArduinoSerial) { a.Framing = "8n1" },
		`option "framing" must be data bits 5-8, parity N, E, or O, stop bits 1 or 2, as in "8N1" (got "")`:         func(a *ArduinoSerial) { a.Framing = "" },

		`option "device_id" is required; it names the board, e.g. device_id = "RaspberryPi"`:                                           func(a *ArduinoSerial) { a.DeviceID = "" },
		`option "device_id" must not contain control characters or invalid UTF-8 (got "a\nb")`:                                         func(a *ArduinoSerial) { a.DeviceID = "a\nb" },
		`option "device_id" must not contain control characters or invalid UTF-8 (got "a\xff")`:                                        func(a *ArduinoSerial) { a.DeviceID = "a\xff" },
		`option "site" is required; site, index, and type form the topic name, e.g. JNU_1_rasp`:                                        func(a *ArduinoSerial) { a.Site = "" },
		`option "site" must not contain "_": it separates the parts of the topic name (got "jnu_a")`:                                   func(a *ArduinoSerial) { a.Site = "jnu_a" },
		`option "index" must not contain "_": it separates the parts of the topic name (got "1_")`:                                     func(a *ArduinoSerial) { a.Index = "1_" },
		`option "index" is required; site, index, and type form the topic name, e.g. JNU_1_rasp`:                                       func(a *ArduinoSerial) { a.Index = "" },
		`option "type" is required; site, index, and type form the topic name, e.g. JNU_1_rasp`:                                        func(a *ArduinoSerial) { a.Type = "" },
		`option "type" must consist of the letters A-Z and a-z, digits, ".", and "-"; it is part of the topic name (got "rasp berry")`: func(a *ArduinoSerial) { a.Type = "rasp berry" },
		`option "site" must consist of the letters A-Z and a-z, digits, ".", and "-"; it is part of the topic name (got "광주")`:         func(a *ArduinoSerial) { a.Site = "광주" },

		`option "location" must be [latitude, longitude] in degrees, -90..90 and -180..180 (got [126.9 35.1])`: func(a *ArduinoSerial) { a.Location = []float64{126.9, 35.1} },
		`option "location" must be [latitude, longitude] in degrees, -90..90 and -180..180 (got [35.1])`:       func(a *ArduinoSerial) { a.Location = []float64{35.1} },
		`option "schema" must be "environment" or the path of a schema file (got "enviroment")`:                func(a *ArduinoSerial) { a.Schema = "enviroment" },
		`option "data_format": undefined but requested parser: jsn`:                                            func(a *ArduinoSerial) { a.DataFormat, a.newParser = "jsn", failing },

		`option "reset_on_open" must be "auto", "never", or "always" (got "no")`: func(a *ArduinoSerial) { a.ResetOnOpen = "no" },

		`option "line_format" must be "json", "csv", "key_value", or "nmea" (got "xml")`:                                                     func(a *ArduinoSerial) { a.LineFormat = "xml" },
		`options "line_format" and "data_format" are mutually exclusive; set only one of them`:                                               func(a *ArduinoSerial) { a.LineFormat, a.DataFormat = "nmea", "csv" },
		`option "columns" is required; it names the values of a line in order, e.g. columns = ["alcohol_gas", "co_gas", "temp"]`:             func(a *ArduinoSerial) { a.LineFormat = "csv" },
		`option "columns" must name each value once (got ["temp" "temp"])`:                                                                   func(a *ArduinoSerial) { a.LineFormat, a.Columns = "csv", []string{"temp", "temp"} },
		`option "columns" must name each value once (got ["temp" ""])`:                                                                       func(a *ArduinoSerial) { a.LineFormat, a.Columns = "csv", []string{"temp", ""} },
		`option "columns" requires line_format = "csv"; set that, or remove columns`:                                                         func(a *ArduinoSerial) { a.Columns = []string{"temp"} },
		`option "checksum" must be "optional" or "required" (got "crc32")`:                                                                   func(a *ArduinoSerial) { a.Checksum = "crc32" },
		`option "capture_file" must be an absolute path, e.g. "/var/tmp/station.capture" (got "capture")`:                                    func(a *ArduinoSerial) { a.CaptureFile = "capture" },
		`option "capture_size" must be between 64 KiB and 1 GiB (got 1024)`:                                                                  func(a *ArduinoSerial) { a.CaptureSize = 1024 },
		`options "port", "device_id", and "capture_file" differ for each board; set them only in the [[inputs.arduino_serial.board]] tables`: func(a *ArduinoSerial) { twoBoards(a); a.Port = "/dev/ttyACM2" },
		`option "port" must be different for each board (got "/dev/ttyACM0" twice)`:                                                          func(a *ArduinoSerial) { twoBoards(a); a.Boards[1].Port = "/dev/ttyACM0" },
		`option "device_id" must be different for each board (got "roof" twice)`:                                                             func(a *ArduinoSerial) { twoBoards(a); a.Boards[1].DeviceID = "roof" },
		`board 2: option "device_id" is required; it names the board, e.g. device_id = "RaspberryPi"`:                                        func(a *ArduinoSerial) { twoBoards(a); a.Boards[1].DeviceID = "" },
		`board 1: option "location" must be [latitude, longitude] in degrees, -90..90 and -180..180 (got [1])`:                               func(a *ArduinoSerial) { twoBoards(a); a.Boards[0].Location = []float64{1} },

		`option "max_line_length" must be between 16 bytes and 1 MiB (got 4)`:       func(a *ArduinoSerial) { a.MaxLineLength = 4 },
		`option "max_line_length" must be between 16 bytes and 1 MiB (got 1048577)`: func(a *ArduinoSerial) { a.MaxLineLength = 1<<20 + 1 },
		`option "silence_timeout" must be greater than 0 (got 0s)`:                  func(a *ArduinoSerial) { a.SilenceTimeout = 0 },
		`option "first_reading_timeout" must be greater than 0 (got -1ns)`:          func(a *ArduinoSerial) { a.FirstReadingTimeout = -1 },
		`option "reconnect_interval" must be greater than 0 (got 0s)`:               func(a *ArduinoSerial) { a.ReconnectInterval = 0 },
	} {
		t.Run(want, func(t *testing.T) {
			require.EqualError(t, newPlugin(change).Init(), want)
		})
	}
}

// The sample configuration loads in Telegraf's own loader, as it is and with every commented option switched on.
func TestSampleConfiguration(t *testing.T) {
	loader := config.NewConfig()
	require.NoError(t, loader.LoadConfigData([]byte(sampleConfig), config.EmptySourcePath))
	require.Len(t, loader.Inputs, 1)
	require.NoError(t, loader.Inputs[0].Input.(*ArduinoSerial).Init())
}

// TestMisspelledOptions tries often: Telegraf reads the options of a table in an order that differs from run to run.
func TestMisspelledOptions(t *testing.T) {
	for _, format := range []string{"", "influx", "csv", "value"} {
		t.Run(format, func(t *testing.T) {
			options := sampleConfig
			if format != "" {
				options += "  data_format = \"" + format + "\"\n"
			}
			if format == "csv" {
				options += "  csv_column_names = [\"lat\", \"lon\", \"temp\"]\n"
			}
			for range 20 {
				loader := config.NewConfig()
				require.NoError(t, loader.LoadConfigData([]byte(options), config.EmptySourcePath))
				require.Empty(t, loader.UnusedFields)
				require.NoError(t, loader.Inputs[0].Input.(*ArduinoSerial).Init())

				loader = config.NewConfig()
				err := loader.LoadConfigData([]byte(options+"  baudrate = 9600\n"), config.EmptySourcePath)
				require.ErrorContains(t, err, `configuration specified the fields ["baudrate"], but they were not used`)
			}
		})
	}
}

func TestMisspelledOptionsOfABoard(t *testing.T) {
	section := "[[inputs.arduino_serial]]\n  site = \"JNU\"\n  index = \"1\"\n  type = \"rasp\"\n"
	board := "  [[inputs.arduino_serial.board]]\n    port = \"/dev/ttyACM0\"\n    device_id = \"roof\"\n"
	for _, format := range []string{"", "  data_format = \"value\"\n"} {
		for range 20 {
			loader := config.NewConfig()
			require.NoError(t, loader.LoadConfigData([]byte(section+format+board), config.EmptySourcePath))
			require.NoError(t, loader.Inputs[0].Input.(*ArduinoSerial).Init())

			loader = config.NewConfig()
			err := loader.LoadConfigData([]byte(section+format+board+"    baudrate = 9600\n"), config.EmptySourcePath)
			require.ErrorContains(t, err, "baudrate")
		}
	}
}
