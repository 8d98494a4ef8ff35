package record

import (
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf/metric"
	"github.com/stretchr/testify/require"
)

func TestTopicNames(t *testing.T) {
	t.Parallel()
	const sites = "{site}_{index}_{type}"
	for _, test := range []struct {
		template string
		tags     map[string]string
		want     string // the topic, or the error
	}{
		{sites, map[string]string{"site": "JNU", "index": "1", "type": "rasp"}, "JNU_1_rasp"},
		{"stations.{site}-{index}", map[string]string{"site": "JNU_a", "index": "1"}, "stations.JNU_a-1"},
		{"{site}", map[string]string{"site": "a_b"}, "a_b"},
		{sites, map[string]string{"site": "JNU", "index": "1"}, `no topic for metric "environment": tag "type" is missing or empty`},
		{sites, map[string]string{"site": "", "index": "1", "type": "rasp"}, `no topic for metric "environment": tag "site" is missing or empty`},
		{sites, map[string]string{"site": "a_b", "index": "1", "type": "rasp"}, `no topic for metric "environment": tag "site" must not contain "_": it separates the parts of the topic name (got "a_b")`},
		{sites, map[string]string{"site": "a b", "index": "1", "type": "rasp"}, `topic "a b_1_rasp": Kafka allows letters, digits, ".", "_", and "-"`},
		{"{site}", map[string]string{"site": ".."}, `topic "..": Kafka does not allow "." and ".."`},
		{"{site}", map[string]string{"site": strings.Repeat("a", 249)}, strings.Repeat("a", 249)},
		{"{site}", map[string]string{"site": strings.Repeat("a", 250)}, `topic "` + strings.Repeat("a", 250) + `": Kafka allows at most 249 characters (got 250)`},
	} {
		template, err := NewTopicTemplate(test.template)
		require.NoError(t, err)
		name, err := template.Name(metric.New("environment", test.tags, nil, time.Now()))
		if err != nil {
			name = err.Error()
		}
		require.Equal(t, test.want, name)
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	template, err := NewTopicTemplate("a.{site}_{index}_{room}-{site}.b")
	require.NoError(t, err)
	require.Equal(t, "a.JNU__{room}-JNU.b", template.Fill(map[string]string{"site": "JNU", "index": "", "type": "rasp"}))
}
