package flatjson

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTake(t *testing.T) {
	t.Parallel()
	members, err := AppendMembers(nil, []byte(`{"a":1,"b":null,"c":"x","d":true}`))
	require.NoError(t, err)
	require.Equal(t, Members{{"a", int64(1)}, {"b", nil}, {"c", "x"}, {"d", true}}, members)
	require.Equal(t, int64(1), members.Take("a"))
	require.Equal(t, "x", members.Take("c"))
	require.Nil(t, members.Take("b"))
	require.Nil(t, members.Take("a"), "it is taken")
	require.Equal(t, Members{{"d", true}}, members)
}

func TestARepeatedKeyAmongMany(t *testing.T) {
	t.Parallel()
	var texts []string
	for i := range 3 * few {
		texts = append(texts, fmt.Sprintf(`"k%d":%d`, i, i))
	}
	members, err := Decode([]byte("{" + strings.Join(texts, ",") + "}"))
	require.NoError(t, err)
	require.Len(t, members, 3*few)
	for _, repeated := range []int{0, few - 1, few, 3*few - 1} {
		_, err = Decode([]byte("{" + strings.Join(append(texts, texts[repeated]), ",") + "}"))
		require.ErrorContains(t, err, fmt.Sprintf(`key "k%d" is there twice`, repeated))
	}
}
