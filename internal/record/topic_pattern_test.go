package record

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParts(t *testing.T) {
	t.Parallel()
	const sites = "{site}_{index}_{type}"
	jnu := map[string]string{"site": "JNU", "index": "1", "type": "rasp"}
	for _, test := range []struct {
		option, topic string
		want          map[string]string
	}{
		{sites, "JNU_1_rasp", jnu},
		{sites, "J.N-U_1_rasp", map[string]string{"site": "J.N-U", "index": "1", "type": "rasp"}},
		{sites, "JNU_1", nil},
		{sites, "JNU_1_rasp_2", nil},
		{sites, "_1_rasp", nil},
		{"stations.{site}-{index}", "stations.JNU_a-1", map[string]string{"site": "JNU_a", "index": "1"}},
		{"stations.{site}-{index}", "stationsxJNU-1", nil},
		{"{site}", "a_b", map[string]string{"site": "a_b"}},
	} {
		pattern, err := NewTopicPattern(test.option)
		require.NoError(t, err)
		require.Equal(t, test.want, pattern.Parts(test.topic), test.topic)
	}
}

func TestInvalidPatterns(t *testing.T) {
	t.Parallel()
	for option, want := range map[string]string{
		"readings":        `option "topic" must contain tags in braces, as in "{site}_{index}_{type}" (got "readings")`,
		"{site}/{index}":  `option "topic" must consist of tags in braces, letters, digits, ".", "_", and "-" (got "{site}/{index}")`,
		"{site}_{site}":   `option "topic" must contain each tag only once (got "{site}_{site}")`,
		"{site}{index}_a": `option "topic" needs a separator, such as "_", between {site} and {index} (got "{site}{index}_a")`,
	} {
		_, err := NewTopicPattern(option)
		require.EqualError(t, err, want)
	}
}
