package doctor

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/conf"
	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// newCentral is the shipped configuration of the central Telegraf, with a fake InfluxDB.
func newCentral(t *testing.T) (*computer, *influx) {
	t.Helper()
	p := newComputer(t)
	i := &influx{writes: answer{http.StatusNoContent, ""}, mappings: `{"content":[{"database":"station","default":true,"bucketID":"020db22be2fd21a2"}]}`}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.URL = server.URL
	p.text = strings.NewReplacer(
		"${KAFKA_BROKERS:-kafka-1:9092,kafka-2:9092,kafka-3:9092}", p.brokers(), "${INFLUX_URL:-http://localhost:8086}", server.URL,
		"${INFLUX_TOKEN:?set INFLUX_TOKEN to a token that may write the bucket}", "t0p-secret",
	).Replace(conf.Central)
	p.write()
	return p, i
}

type answer struct {
	status int
	text   string
}

// influx fakes the requests of doctor; central_real_test.go uses a real InfluxDB.
type influx struct {
	URL      string
	writes   answer
	mappings string
	behind   time.Duration // its clock
	strange  bool          // it is not an InfluxDB
}

func (i *influx) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(-i.behind).UTC().Format(http.TimeFormat))
	switch {
	case i.strange:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>welcome</html>"))
	case r.URL.Path == "/ping":
		w.Header().Set("X-Influxdb-Version", "v2.7.12")
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Path == "/api/v2/dbrps":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(i.mappings))
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(i.writes.status)
		_, _ = w.Write([]byte(i.writes.text))
	}
}

// consume acts as a running central Telegraf.
func consume(p *computer) {
	p.Helper()
	config := sarama.NewConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Interval = 50 * time.Millisecond
	group, err := sarama.NewConsumerGroup(p.addresses, "telegraf-station", config)
	require.NoError(p, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	reader := &reader{}
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = group.Consume(ctx, []string{"JNU_1_rasp"}, reader)
		}
	}()
	p.Cleanup(func() {
		cancel()
		<-ended
		_ = group.Close()
	})
	require.Eventually(p, reader.begun.Load, 30*time.Second, 10*time.Millisecond)
}

type reader struct{ begun atomic.Bool }

func (r *reader) Setup(sarama.ConsumerGroupSession) error {
	r.begun.Store(true)
	return nil
}

func (*reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (*reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
	}
	return nil
}

func TestHealthyCentral(t *testing.T) {
	t.Parallel()
	p, _ := newCentral(t)
	p.topic()
	consume(p)
	var text strings.Builder
	report, err := Run(t.Context(), p.options)
	require.NoError(t, err)
	require.NoError(t, report.Write(&text))
	require.True(t, report.OK(), text.String())
	require.NotContains(t, text.String(), "t0p-secret")
	var names []string
	for _, f := range report.Findings {
		require.Equal(t, OK, f.State, f.Text)
		names = append(names, f.Check)
	}
	require.Equal(t, []string{
		"architecture", "files", "configuration", "clock", "DNS", "TCP", "TLS", "SASL", "brokers", "topics", "ACL", "group", "lag", "InfluxDB", "token", "bucket", "DBRP",
	}, names)
}

func TestCentralFaults(t *testing.T) {
	for name, test := range map[string]struct {
		fault
		cause, repair func(*computer, *influx)
	}{
		"no topic": {
			fault{check: "topics", state: Warning, text: `no topic matches ["^[A-Za-z0-9.-]+_`, fix: "stationctl site add SITE INDEX TYPE --brokers BROKERS --no-user", replaced: strings.NewReplacer("SITE INDEX TYPE", "JNU 1 rasp --replication-factor 1")}, nil, nil,
		},
		"no consumer": {
			fault{check: "group", text: `group "telegraf-station" has no members`, fix: "sudo systemctl enable --now telegraf-station", called: "systemctl enable --now telegraf-station"},
			func(p *computer, _ *influx) { p.topic() }, func(p *computer, _ *influx) { consume(p) },
		},
		"large lag": {
			fault{check: "lag", state: Warning, text: "4000 records are in Kafka, but not in InfluxDB; most of them in JNU_1_rasp (4000)", fix: installed.Restart + "  # also on other central hosts, if the lag grows", called: "systemctl restart telegraf-station"},
			func(p *computer, _ *influx) { p.produceMany(4000) },
			func(p *computer, _ *influx) {
				consume(p)
				require.Eventually(p, func() bool { return p.finding("lag").State == OK }, 30*time.Second, 50*time.Millisecond)
			},
		},
		"no InfluxDB": {
			fault{check: "InfluxDB", text: "cannot connect to http://127.0.0.1:1: ", fix: "sudo systemctl start influxdb", called: "sudo systemctl start influxdb"},
			func(p *computer, i *influx) { p.edit(i.URL, "http://127.0.0.1:1") }, func(p *computer, i *influx) { p.edit("http://127.0.0.1:1", i.URL) },
		},
		"another server": {
			fault{check: "InfluxDB", text: "is not an InfluxDB: it responds 200 OK", fix: editConfiguration + `urls = ["http://localhost:8086"]`, called: "sudoedit DIR/telegraf.conf"},
			func(_ *computer, i *influx) { i.strange = true }, func(_ *computer, i *influx) { i.strange = false },
		},
		"clocks differ": {
			fault{check: "InfluxDB", state: Warning, text: "its clock and the clock of this computer differ by 1h0m", fix: fixClock, called: "timedatectl set-ntp true"},
			func(_ *computer, i *influx) { i.behind = time.Hour }, func(_ *computer, i *influx) { i.behind = 0 },
		},
		"no organization": {
			fault{check: "bucket", text: `organization "station" does not exist`, fix: editConfiguration + `organization = "..."`, called: "sudoedit"},
			func(_ *computer, i *influx) {
				i.writes = answer{http.StatusNotFound, `{"code":"not found","message":"organization name \"station\" not found"}`}
			},
			func(_ *computer, i *influx) { i.writes = answer{http.StatusNoContent, ""} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, i := newCentral(t)
			c := test.fault
			if test.cause != nil {
				c.cause = func(p *computer) { test.cause(p, i) }
			}
			if test.repair != nil {
				c.repair = func(p *computer) { test.repair(p, i) }
			}
			c.run(t, p)
		})
	}
}

func (p *computer) produceMany(n int) {
	p.Helper()
	p.topic()
	var messages []*sarama.ProducerMessage
	for range n {
		messages = append(messages, &sarama.ProducerMessage{Topic: "JNU_1_rasp", Value: sarama.StringEncoder("{}")})
	}
	p.send(sarama.NewConfig(), messages...)
}
