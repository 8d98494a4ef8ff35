package doctor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAStationThatIsWell is green in all lines, whose order is fixed.
func TestAStationThatIsWell(t *testing.T) {
	t.Parallel()
	p := newStation(t)
	p.produce(time.Now())
	var text strings.Builder
	report, err := Run(t.Context(), p.options)
	require.NoError(t, err)
	require.NoError(t, report.Write(&text))
	t.Log("\n" + text.String())
	require.True(t, report.Sound())
	var names []string
	for _, f := range report.Findings {
		require.Equal(t, Good, f.State, f.Text)
		require.Empty(t, f.Fix)
		names = append(names, f.Check)
	}
	require.Equal(t, []string{
		"architecture", "files", "configuration", "clock", "port", "permission", "busy", "ModemManager", "baud", "reading", "DNS", "TCP", "TLS", "SASL",
		"brokers", "topic", "ACL", "outbox", "outbox disk", "outbox room", "parked", "damaged", "service", "delivery",
	}, names)
}

// TestTwoBoards have lines of their own, and one reading is taken of both.
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
	require.Equal(t, Good, found["topic JNU_2_rasp: topic"].State)
	require.Equal(t, Good, found["topic JNU_1_rasp: topic"].State)
}

// TestAHungCheckIsGivenUp, and what needs it says so; what does not goes on.
func TestAHungCheckIsGivenUp(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	defer close(hung)
	findings := runAll(t.Context(), []check{
		{name: "a", limit: 10 * time.Millisecond, run: func(context.Context) result { <-hung; return good("") }},
		{name: "b", needs: []string{"a"}, run: func(context.Context) result { return good("") }},
		{name: "c", needs: []string{"b"}, run: func(context.Context) result { return good("") }},
		{name: "d", run: func(context.Context) result { return good("") }},
	})
	require.Equal(t, []Finding{
		{"a", Bad, "no answer within 10ms", ""}, {"b", Unchecked, "not checked, since a is wrong", ""}, {"c", Unchecked, "not checked, since a is wrong", ""}, {"d", Good, "", ""},
	}, findings)
}

func TestCommandsOfOtherComputers(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ssh kafka-1 sudo systemctl start kafka", startKafka("kafka-1:9092"))
	require.Equal(t, "ssh 192.0.2.1 sudo systemctl start kafka", startKafka("192.0.2.1:9092"))
	require.Equal(t, "sudo systemctl start kafka", startKafka("localhost:9092"))
	require.Equal(t, "sudo systemctl start kafka", startKafka("[::1]:9092"))
	require.Equal(t, `ssh 'a b' x`, on("a b", "x"))
}
