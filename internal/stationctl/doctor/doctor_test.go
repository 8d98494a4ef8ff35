package doctor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestHealthyStation passes all checks; their order is fixed.
func TestHealthyStation(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	p.produce(time.Now())
	var text strings.Builder
	report, err := Run(t.Context(), p.options)
	require.NoError(t, err)
	require.NoError(t, report.Write(&text))
	t.Log("\n" + text.String())
	require.True(t, report.OK())
	var names []string
	for _, f := range report.Findings {
		require.Equal(t, OK, f.State, f.Text)
		require.Empty(t, f.Fix)
		names = append(names, f.Check)
	}
	require.Equal(t, []string{
		"architecture", "files", "configuration", "clock", "port", "permission", "busy", "ModemManager", "baud", "reading", "DNS", "TCP", "TLS", "SASL",
		"brokers", "topic", "ACL", "outbox", "outbox disk", "outbox room", "parked", "damaged", "service", "delivery",
	}, names)
}

// TestTwoBoards have separate checks, but share one reading.
func TestTwoBoards(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	p.plug("ttyACM1")
	p.edit(`  port = "`+p.path("dev/ttyACM0")+"\"\n", "")
	p.edit("  device_id = \"roof\"\n", "")
	p.edit("[[outputs.kafka_site]]", "[[inputs.arduino_serial.board]]\n  port = \""+p.path("dev/ttyACM0")+"\"\n  device_id = \"roof\"\n"+
		"[[inputs.arduino_serial.board]]\n  port = \""+p.path("dev/ttyACM1")+"\"\n  device_id = \"cellar\"\n  index = \"2\"\n[[outputs.kafka_site]]")
	report, err := Run(t.Context(), p.options)
	require.NoError(t, err)
	found := make(map[string]Finding)
	for _, f := range report.Findings {
		found[f.Check] = f
	}
	require.Contains(t, found["board 1 roof: reading"].Text, "environment,device_id=roof,index=1,")
	require.Contains(t, found["board 2 cellar: reading"].Text, "environment,device_id=cellar,index=2,")
	require.Equal(t, OK, found["topic JNU_2_rasp: topic"].State)
	require.Equal(t, OK, found["topic JNU_1_rasp: topic"].State)
}

// TestHungCheckIsAbandoned: checks that need it are skipped, all other checks continue.
func TestHungCheckIsAbandoned(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	defer close(hung)
	findings, err := runAll(t.Context(), []check{
		{name: "a", limit: 10 * time.Millisecond, run: func(context.Context) result { <-hung; return ok("") }},
		{name: "b", needs: []string{"a"}, run: func(context.Context) result { return ok("") }},
		{name: "c", needs: []string{"b"}, run: func(context.Context) result { return ok("") }},
		{name: "d", run: func(context.Context) result { return ok("") }},
	})
	require.NoError(t, err)
	require.Equal(t, []Finding{
		{"a", Failed, "no answer within 10ms", ""}, {"b", Unchecked, "not checked: a failed", ""}, {"c", Unchecked, "not checked: a failed", ""}, {"d", OK, "", ""},
	}, findings)
}

func TestUnknownNeedIsAnError(t *testing.T) {
	t.Parallel()
	run := func(context.Context) result { return ok("") }
	_, err := runAll(t.Context(), []check{{name: "a", needs: []string{"b"}, run: run}, {name: "b", run: run}})
	require.ErrorContains(t, err, `check "a" needs "b", which is not an earlier check`)
	_, err = runAll(t.Context(), []check{{name: "a", after: []string{"c"}, run: run}})
	require.ErrorContains(t, err, `check "a" runs after "c", which does not exist`)
}

func TestFixesOnOtherHosts(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ssh kafka-1 sudo systemctl start kafka", fixStartKafka("kafka-1:9092"))
	require.Equal(t, "ssh 192.0.2.1 sudo systemctl start kafka", fixStartKafka("192.0.2.1:9092"))
	require.Equal(t, "sudo systemctl start kafka", fixStartKafka("localhost:9092"))
	require.Equal(t, "sudo systemctl start kafka", fixStartKafka("[::1]:9092"))
	require.Equal(t, `ssh 'a b' x`, onHost("a b", "x"))
}
