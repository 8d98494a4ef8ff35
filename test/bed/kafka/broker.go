package kafka

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// stopGrace is the time for a broker to hand over its partitions, which takes 1 to 3 seconds when the other brokers are up.
const stopGrace = 30 * time.Second

// broker is one JVM.
type broker struct {
	node      int
	dir       string
	libs      string
	options   []string // of the JVM
	authorize bool
	admin     Login
	// certificate is the file of its key and certificate, ca that of the CA; empty: no TLS.
	certificate, ca string
	maxReauth       time.Duration
	plain           bool // the administrator logs in with PLAIN, and no user is created
	clients         *process.Port
	controller      *process.Port
	inside          *process.Port // used only by Options.Settings
	// proxied is the port for a proxy, advertised the address that its clients get; nil and empty without a proxy.
	proxied    *process.Port
	advertised string

	lock    sync.Mutex
	process *process.Process // of the last start; nil before the first
}

// hide puts a broker behind a proxy.
func (b *broker) hide(proxy func(string) (string, error)) error {
	if proxy == nil {
		return nil
	}
	port, err := process.ReservePort()
	if err != nil {
		return err
	}
	b.proxied = port
	b.advertised, err = proxy(port.Address())
	return err
}

// writeSettings writes the properties that the broker reads at startup.
func (b *broker) writeSettings(settings string) error {
	if err := b.write("server.properties", settings); err != nil {
		return err
	}
	return b.write("log4j2.properties", logSettings)
}

func (b *broker) write(name, text string) error {
	return os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600)
}

// settings returns the properties of the broker: the Kafka defaults with the changes that a small, short-lived cluster needs. The first
// brokers are also controllers.
func (b *broker) settings(first []*broker) string {
	voters := make([]string, 0, len(first))
	for _, other := range first {
		voters = append(voters, strconv.Itoa(other.node)+"@"+other.controller.Address())
	}
	roles := "broker"
	if slices.Contains(first, b) {
		roles = "broker,controller"
	}
	replicas := min(3, len(first))
	insync := min(2, len(first))
	return fmt.Sprintf(`process.roles=%[8]s
node.id=%[1]d
controller.quorum.voters=%[2]s
%[3]s
inter.broker.listener.name=CLIENTS
controller.listener.names=CONTROLLER
log.dirs=%[4]s

auto.create.topics.enable=false
default.replication.factor=%[5]d
min.insync.replicas=%[6]d

# Kafka's own topics: as safe as the others, but with few partitions, because each one costs time at the start.
offsets.topic.num.partitions=3
offsets.topic.replication.factor=%[5]d
transaction.state.log.num.partitions=3
transaction.state.log.replication.factor=%[5]d
transaction.state.log.min.isr=%[6]d
share.coordinator.state.topic.num.partitions=3
share.coordinator.state.topic.replication.factor=%[5]d
share.coordinator.state.topic.min.isr=%[6]d
# How long a killed broker counts as alive, which is also how long it waits when it comes back (default: 9 seconds).
broker.heartbeat.interval.ms=1000
broker.session.timeout.ms=4000
# A first consumer does not wait three seconds for others.
group.initial.rebalance.delay.ms=0
%[7]s`, b.node, strings.Join(voters, ","), b.listeners(slices.Contains(first, b)),
		filepath.Join(b.dir, "data"), replicas, insync, b.authorizer()+b.tls(), roles)
}

// listeners returns the listeners for clients and other brokers, for controllers, and for a proxy: clients of a proxy get only proxy addresses.
func (b *broker) listeners(isController bool) string {
	controllers, clients := "PLAINTEXT", "PLAINTEXT"
	if b.authorize {
		controllers = "SASL_PLAINTEXT"
	}
	switch {
	case b.certificate != "":
		clients = "SASL_SSL"
	case b.admin.required():
		clients = "SASL_PLAINTEXT"
	}
	own := "CLIENTS://" + b.clients.Address()
	if isController {
		own += ",CONTROLLER://" + b.controller.Address()
	}
	if b.proxied == nil {
		return fmt.Sprintf("listeners=%s\nlistener.security.protocol.map=CLIENTS:%s,CONTROLLER:%s", own, clients, controllers)
	}
	return fmt.Sprintf(`listeners=%s,PROXIED://%s
advertised.listeners=CLIENTS://%s,PROXIED://%s
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:%s,PROXIED:PLAINTEXT`,
		own, b.proxied.Address(), b.clients.Address(), b.advertised, controllers)
}

const logSettings = `status=error
appenders=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=info
rootLogger.appenderRefs=console
rootLogger.appenderRef.console.ref=console
`

// format prepares the data directory; Kafka does not start without that.
func (b *broker) format(ctx context.Context, clusterID string) error {
	args := []string{"format", "--cluster-id", clusterID, "--config", "server.properties"}
	command := b.java("kafka.tools.StorageTool", append(args, b.firstUser()...)...)
	if err := process.Run(ctx, command); err != nil {
		return fmt.Errorf("cannot format broker %d: %w", b.node, err)
	}
	return nil
}

// java runs a Kafka class in the broker directory, with its output in broker.log. With only the first compiler tier, a start takes a third
// less CPU time (4.0 s instead of 5.9 s per broker); -XX:TieredStopAtLevel=4 in Options.Java undoes that.
func (b *broker) java(class string, args ...string) process.Command {
	return process.Command{
		Path: "java",
		Args: slices.Concat(
			[]string{
				"-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dlog4j2.configurationFile=log4j2.properties",
				// A killed JVM leaves its counters and unpacked libraries (Snappy) behind: keep them out of /tmp.
				"-XX:-UsePerfData", "-Djava.io.tmpdir=" + b.dir,
			},
			b.options,
			[]string{"-cp", filepath.Join(b.libs, "*"), class},
			args),
		Dir:     b.dir,
		LogFile: filepath.Join(b.dir, "broker.log"),
	}
}

func (b *broker) start() error {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.process != nil && b.process.Ended() == nil {
		return fmt.Errorf("broker %d is already running", b.node)
	}
	p, err := process.Start(b.java("kafka.Kafka", "server.properties"))
	if err != nil {
		return fmt.Errorf("broker %d: %w", b.node, err)
	}
	b.process = p
	return nil
}

// running returns the process, or nil if the broker is stopped.
func (b *broker) running() *process.Process {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.process == nil || b.process.Ended() != nil {
		return nil
	}
	return b.process
}

func (b *broker) stop() error {
	p := b.running()
	if p == nil {
		return fmt.Errorf("broker %d is not running", b.node)
	}
	return p.Stop(stopGrace)
}

func (b *broker) kill() error {
	if p := b.running(); p != nil {
		return p.Kill()
	}
	return nil
}

// signal is for SIGSTOP and SIGCONT.
func (b *broker) signal(signal syscall.Signal) error {
	p := b.running()
	if p == nil {
		return fmt.Errorf("broker %d is not running", b.node)
	}
	return syscall.Kill(p.PID(), signal)
}

func (b *broker) release() error {
	ports := []*process.Port{b.clients, b.controller, b.inside}
	if b.proxied != nil {
		ports = append(ports, b.proxied)
	}
	return process.ReleasePorts(ports...)
}
