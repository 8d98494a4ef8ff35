package setup

import (
	"os"
	"strconv"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// question describes an answer to the user.
type question struct {
	what    string
	example string
	help    string // shown before the question
}

func questions() map[string]question {
	return map[string]question{
		Site:        {what: "site name", example: "JNU", help: "The site, index, and type form the name of the Kafka topic: SITE_INDEX_TYPE."},
		Index:       {what: "number of this station at the site", example: "1"},
		Type:        {what: "station type", example: "rasp"},
		DeviceID:    {what: "unique name of this station (device_id)", example: "RaspberryPi"},
		Location:    {what: "latitude,longitude in degrees, or none if the board has a GPS receiver", example: "35.17959,126.90822"},
		Port:        {what: "port of the board", example: "/dev/ttyACM0"},
		BaudRate:    {what: "baud rate, as in Serial.begin() in the sketch", example: "9600"},
		Brokers:     {what: "Kafka brokers, host:port,host:port", example: "kafka-1:9092,kafka-2:9092"},
		Replication: {what: "number of brokers that keep a copy of the topic (replication_factor)", example: "3"},
		TLSCA:       {what: "TLS: file with the CA that signed the broker certificates, system for the CAs of this computer, or none", example: installed.KafkaCA},
		Mechanism:   {what: "SASL mechanism if Kafka requires a login: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, or none", example: "SCRAM-SHA-512"},
		Username:    {what: "Kafka user name", example: "station"},
	}
}

// preset returns the default: the current value, or what was found or is common.
func (i *dialog) preset(name string) string {
	if value := i.existing[name]; value != "" && name != Port {
		return value
	}
	switch name {
	case Port:
		return i.presetPort()
	case DeviceID:
		return i.presetDevice()
	case Location, TLSCA, Mechanism:
		return None
	case Index, Type, BaudRate, Replication:
		return questions()[name].example
	}
	return ""
}

// presetDevice returns the host name, unless it is a default of Raspberry Pi OS: each station needs a unique name.
func (i *dialog) presetDevice() string {
	host, err := os.Hostname()
	if err != nil || host == "raspberrypi" || host == "localhost" {
		return i.answers[Site] + "-" + i.answers[Index]
	}
	return host
}

// presetPort returns the current port if it is usable, otherwise the only connected one.
func (i *dialog) presetPort() string {
	ports := i.System.Ports()
	existing := i.existing[Port]
	if existing != "" {
		if path, err := i.findPort(existing); err == nil && i.System.Check(path, i.account.User) == nil {
			return existing
		}
	}
	if len(ports) == 1 {
		return ports[0].Path
	}
	return existing
}

func (i *dialog) listPorts() {
	if i.Given[Port] != "" {
		return
	}
	ports := i.System.Ports()
	if len(ports) == 0 {
		i.printf("\nNo USB serial port is connected; plug in the board.\n")
		return
	}
	i.printf("\nConnected ports:\n")
	for n, port := range ports {
		i.printf("  %d  %s  %s\n", n+1, port.Path, strings.TrimSpace(port.Device+"  "+port.Board))
	}
}

// byNumber returns the port with that number in the list, or the line itself.
func (i *dialog) byNumber(line string) string {
	ports := i.System.Ports()
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(ports) {
		return ports[n-1].Path
	}
	return line
}
