package setup

import (
	"os"
	"strconv"
	"strings"
)

// question is how a person is asked for an answer.
type question struct {
	what    string
	example string
	help    string // shown before it is asked
}

func questions() map[string]question {
	return map[string]question{
		Site:        {what: "the site's name", example: "JNU", help: "Site, index and type make the name of the Kafka topic: SITE_INDEX_TYPE."},
		Index:       {what: "which of the site's stations this is", example: "1"},
		Type:        {what: "the station's type", example: "rasp"},
		DeviceID:    {what: "the name of this station, which no other has (device_id)", example: "RaspberryPi"},
		Location:    {what: "where it is: latitude,longitude in degrees, or none if the Arduino has a GPS", example: "35.17959,126.90822"},
		Port:        {what: "the Arduino's port", example: "/dev/ttyACM0"},
		BaudRate:    {what: "the baud rate, as in the sketch's Serial.begin()", example: "9600"},
		Brokers:     {what: "Kafka's brokers, host:port,host:port", example: "kafka-1:9092,kafka-2:9092"},
		Replication: {what: "how many brokers keep a copy of the topic (replication_factor)", example: "3"},
		TLSCA:       {what: "TLS: the file of the authority that signed the brokers' certificates, system for the computer's own, or none", example: "/etc/telegraf-station/kafka-ca.pem"},
		Mechanism:   {what: "if Kafka asks who you are: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, or none", example: "SCRAM-SHA-512"},
		Username:    {what: "the user's name in Kafka", example: "station"},
	}
}

// preset is the default: what the file has, else what is found here or usual.
func (i *interview) preset(name string) string {
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

// presetDevice is the computer's name, but not one that Raspberry Pi OS gives to all: no two stations may have the same.
func (i *interview) presetDevice() string {
	host, err := os.Hostname()
	if err != nil || host == "raspberrypi" || host == "localhost" {
		return i.answers[Site] + "-" + i.answers[Index]
	}
	return host
}

// presetPort is the file's port if it is there, else the only one that is.
func (i *interview) presetPort() string {
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

func (i *interview) listPorts() {
	if i.Given[Port] != "" {
		return
	}
	ports := i.System.Ports()
	if len(ports) == 0 {
		i.say("\nNo USB serial port is there: is the Arduino plugged in?\n")
		return
	}
	i.say("\nThese ports are there:\n")
	for n, port := range ports {
		i.say("  %d  %s  %s\n", n+1, port.Path, strings.TrimSpace(port.Device+"  "+port.Board))
	}
}

// byNumber is a port of the list.
func (i *interview) byNumber(line string) string {
	ports := i.System.Ports()
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(ports) {
		return ports[n-1].Path
	}
	return line
}
