package setup

import (
	"context"
	"fmt"
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

// interview asks a person for what is not given, and again for what is bad.
type interview struct {
	*work
	*terminal
}

func (i *interview) run(ctx context.Context) error {
	i.answers = make(Values)
	i.say("This sets up the station of this computer. Enter takes what is in brackets; Ctrl-C ends it, and nothing is changed.\n\n")
	for {
		if err := i.askAll(ctx, Site, Index, Type, DeviceID); err != nil {
			return err
		}
		err := checkTopic(i.answers)
		if err == nil {
			break
		}
		i.complain(err)
		i.forget(Site, Index, Type)
	}
	if err := i.askAll(ctx, Location); err != nil {
		return err
	}
	i.listPorts()
	if err := i.askAll(ctx, Port, BaudRate); err != nil {
		return err
	}
	return i.askKafkaQuestions(ctx)
}

func (i *interview) askAll(ctx context.Context, names ...string) error {
	for _, name := range names {
		if i.answers[name] != "" {
			continue
		}
		if err := i.answer(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// forget has answers asked for again, also those that were given.
func (i *interview) forget(names ...string) {
	i.Given = i.Given.over(nil)
	for _, name := range names {
		i.existing[name] = i.answers[name]
		delete(i.answers, name)
		delete(i.Given, name)
	}
}

// answer gets one answer: what is given, if it is good, else what the person says.
func (i *interview) answer(ctx context.Context, name string) error {
	value, given := i.Given[name], i.Given[name] != ""
	for {
		if !given {
			var err error
			if value, err = i.put(ctx, name); err != nil {
				return err
			}
		}
		tidied, err := tidy(name, value)
		if err == nil {
			accepted, err := i.accept(ctx, name, tidied)
			if err != nil {
				return err
			}
			if accepted {
				i.answers[name] = tidied
				return nil
			}
		} else {
			i.complain(err)
		}
		given = false
	}
}

func (i *interview) complain(err error) {
	i.say("  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
}

// accept tests what an answer names, and lets the person take it all the same.
func (i *interview) accept(ctx context.Context, name, value string) (bool, error) {
	err := i.doubt(ctx, name, value)
	if err == nil {
		return true, nil
	}
	i.complain(err)
	yes, askErr := i.confirm(ctx, "  Use "+pronoun(name)+" all the same?")
	if yes {
		i.warnings = append(i.warnings, fmt.Sprintf("%s: %v", name, err))
	}
	return yes, askErr
}

func pronoun(name string) string {
	if name == Brokers {
		return "them"
	}
	return "it"
}

// put asks the question. Enter alone takes the default.
func (i *interview) put(ctx context.Context, name string) (string, error) {
	if name == password {
		return i.putPassword(ctx)
	}
	q := questions()[name]
	if q.help != "" {
		i.say("%s\n", q.help)
	}
	preset := i.preset(name)
	prompt := strings.ToUpper(q.what[:1]) + q.what[1:]
	if preset == "" {
		prompt += ", e.g. " + q.example + ":"
	} else {
		prompt += " [" + preset + "]:"
	}
	line, err := i.ask(ctx, prompt)
	line = strings.TrimSpace(line)
	if line == "" {
		line = preset
	}
	if name == Port {
		line = i.byNumber(line)
	}
	return line, err
}

func (i *interview) putPassword(ctx context.Context) (string, error) {
	saved := i.savedPassword()
	prompt := "The user's password (it is not shown):"
	if saved != "" {
		prompt = "The user's password (it is not shown) [as it is]:"
	}
	line, err := i.askSecret(ctx, prompt)
	if line == "" {
		line = saved
	}
	return line, err
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

// askKafkaQuestions asks again until Kafka lets us in, or the person wants to go on without.
func (i *interview) askKafkaQuestions(ctx context.Context) error {
	for {
		if err := i.askAccess(ctx); err != nil {
			return err
		}
		if !i.silent {
			i.say("Asking Kafka ...\n")
		}
		err := i.doubtKafka(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		i.complain(err)
		yes, askErr := i.confirm(ctx, "  Use them all the same?")
		if askErr != nil {
			return askErr
		}
		if yes {
			i.warnings = append(i.warnings, err.Error())
			break
		}
		i.forget(Brokers, TLSCA, Mechanism, Username, password, PasswordFile)
	}
	return i.askReplication(ctx)
}

func (i *interview) askAccess(ctx context.Context) error {
	if err := i.askAll(ctx, Brokers, TLSCA); err != nil {
		return err
	}
	if i.Given[Mechanism] == "" && i.existing.credentialsElsewhere() {
		i.say("How this station logs in to Kafka (%s) is left as it is in the file.\n", i.existing[Mechanism])
		for _, name := range []string{Mechanism, Username, password} {
			i.answers[name] = i.existing[name]
		}
		return nil
	}
	if err := i.askAll(ctx, Mechanism); err != nil || !i.answers.hasCredentials() {
		return err
	}
	if err := checkWritable(i.Environment); err != nil {
		return err
	}
	if file := i.Given[PasswordFile]; file != "" {
		given, err := readPassword(file)
		if err != nil {
			i.complain(fmt.Errorf("%s: %w", i.source(PasswordFile), err))
		}
		i.answers[password] = given
	}
	return i.askAll(ctx, Username, password)
}

// askReplication asks for the number of copies only if the cluster is smaller than that.
func (i *interview) askReplication(ctx context.Context) error {
	factor := i.Given.over(Values{Replication: i.preset(Replication)})[Replication]
	for {
		tidied, err := tidy(Replication, factor)
		if err == nil {
			err = i.kafka.checkSize(tidied)
		}
		if err == nil {
			i.answers[Replication] = tidied
			return nil
		}
		i.complain(err)
		if i.kafka != nil {
			i.existing[Replication] = strconv.Itoa(i.kafka.brokers)
		}
		if factor, err = i.put(ctx, Replication); err != nil {
			return err
		}
	}
}
