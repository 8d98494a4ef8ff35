package flatjson

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRemove(t *testing.T) {
	t.Parallel()
	members, err := AppendMembers(nil, []byte(`{"a":1,"b":null,"c":"x","d":true}`))
	require.NoError(t, err)
	require.Equal(t, Members{{"a", int64(1)}, {"b", nil}, {"c", "x"}, {"d", true}}, members)
	require.Equal(t, int64(1), members.Remove("a"))
	require.Equal(t, "x", members.Remove("c"))
	require.Nil(t, members.Remove("b"))
	require.Nil(t, members.Remove("a"), "it was removed")
	require.Equal(t, Members{{"d", true}}, members)
}

func TestADuplicateKeyAmongMany(t *testing.T) {
	t.Parallel()
	var texts []string
	for i := range 3 * maxScanned {
		texts = append(texts, fmt.Sprintf(`"k%d":%d`, i, i))
	}
	members, err := Decode([]byte("{" + strings.Join(texts, ",") + "}"))
	require.NoError(t, err)
	require.Len(t, members, 3*maxScanned)
	for _, repeated := range []int{0, maxScanned - 1, maxScanned, 3*maxScanned - 1} {
		_, err = Decode([]byte("{" + strings.Join(append(texts, texts[repeated]), ",") + "}"))
		require.ErrorContains(t, err, fmt.Sprintf(`duplicate key "k%d"`, repeated))
	}
}
