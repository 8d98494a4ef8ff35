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
)

// newCentral is the shipped configuration of the central Telegraf, with an InfluxDB that answers as it is told.
func newCentral(t *testing.T) (*patient, *influx) {
	t.Helper()
	p := newPatient(t)
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

// influx is as much of an InfluxDB as is asked for; the real one is in central_real_test.go.
type influx struct {
	URL      string
	writes   answer
	mappings string
	behind   time.Duration // of its clock
	strange  bool          // it is another server
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

// consume is a central Telegraf that runs.
func consume(p *patient) {
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

func TestACentralThatIsWell(t *testing.T) {
	t.Parallel()
	p, _ := newCentral(t)
	p.topic()
	consume(p)
	var text strings.Builder
	report, err := Run(t.Context(), p.options)
	require.NoError(t, err)
	require.NoError(t, report.Write(&text))
	require.True(t, report.Sound(), text.String())
	require.NotContains(t, text.String(), "t0p-secret")
	var names []string
	for _, f := range report.Findings {
		require.Equal(t, Good, f.State, f.Text)
		names = append(names, f.Check)
	}
	require.Equal(t, []string{
		"architecture", "files", "configuration", "clock", "DNS", "TCP", "TLS", "SASL", "brokers", "topics", "ACL", "group", "lag", "InfluxDB", "token", "bucket", "DBRP",
	}, names)
}

func TestTheCentral(t *testing.T) {
	for name, test := range map[string]struct {
		provocation
		breaks, then func(*patient, *influx)
	}{
		"no topic": {
			provocation{check: "topics", state: Doubtful, says: `no topic matches ["^[A-Za-z0-9.-]+_`, advice: "stationctl site add SITE INDEX TYPE --brokers BROKERS --no-user", mapped: strings.NewReplacer("SITE INDEX TYPE", "JNU 1 rasp --replication-factor 1")}, nil, nil,
		},
		"nobody consumes": {
			provocation{check: "group", says: `nobody consumes: group "telegraf-station" has no member`, advice: "sudo systemctl enable --now telegraf-station", called: "systemctl enable --now telegraf-station"},
			func(p *patient, _ *influx) { p.topic() }, func(p *patient, _ *influx) { consume(p) },
		},
		"far behind": {
			provocation{check: "lag", state: Doubtful, says: "4000 records are in Kafka and not in InfluxDB, most of them of JNU_1_rasp (4000)", advice: restart + "  # on another computer too, if the number grows", called: "systemctl restart telegraf-station"},
			func(p *patient, _ *influx) { p.produceMany(4000) },
			func(p *patient, _ *influx) {
				consume(p)
				require.Eventually(p, func() bool { return p.look("lag").State == Good }, 30*time.Second, 50*time.Millisecond)
			},
		},
		"no InfluxDB": {
			provocation{check: "InfluxDB", says: "http://127.0.0.1:1 does not answer: ", advice: "sudo systemctl start influxdb", called: "sudo systemctl start influxdb"},
			func(p *patient, i *influx) { p.edit(i.URL, "http://127.0.0.1:1") }, func(p *patient, i *influx) { p.edit("http://127.0.0.1:1", i.URL) },
		},
		"another server": {
			provocation{check: "InfluxDB", says: "answers 200 OK, and is no InfluxDB", advice: edit + `urls = ["http://localhost:8086"]`, called: "sudoedit DIR/telegraf.conf"},
			func(_ *patient, i *influx) { i.strange = true }, func(_ *patient, i *influx) { i.strange = false },
		},
		"two clocks": {
			provocation{check: "InfluxDB", state: Doubtful, says: "its clock and this computer's differ by 1h0m", advice: setClock, called: "timedatectl set-ntp true"},
			func(_ *patient, i *influx) { i.behind = time.Hour }, func(_ *patient, i *influx) { i.behind = 0 },
		},
		"no organization": {
			provocation{check: "bucket", says: `there is no organization "station"`, advice: edit + `organization = "..."`, called: "sudoedit"},
			func(_ *patient, i *influx) {
				i.writes = answer{http.StatusNotFound, `{"code":"not found","message":"organization name \"station\" not found"}`}
			},
			func(_ *patient, i *influx) { i.writes = answer{http.StatusNoContent, ""} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, i := newCentral(t)
			c := test.provocation
			if test.breaks != nil {
				c.breaks = func(p *patient) { test.breaks(p, i) }
			}
			if test.then != nil {
				c.then = func(p *patient) { test.then(p, i) }
			}
			c.run(t, p)
		})
	}
}

func (p *patient) produceMany(n int) {
	p.Helper()
	p.topic()
	var messages []*sarama.ProducerMessage
	for range n {
		messages = append(messages, &sarama.ProducerMessage{Topic: "JNU_1_rasp", Value: sarama.StringEncoder("{}")})
	}
	p.send(sarama.NewConfig(), messages...)
}
