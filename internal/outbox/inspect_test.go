package outbox

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, _ := openAt(t, dir, nil)
	o.maxBuffered = 20
	appendAll(t, o, "JNU_1_rasp", 5, 15)
	appendAll(t, o, "GIST_1_rasp", 0, 30)
	o.Acknowledge(o.Next("JNU_1_rasp", 3, 1<<20))
	o.Stall("GIST_1_rasp")
	taken := o.Next("JNU_1_rasp", 1, 1<<20)
	require.NoError(t, park(o, taken[0], "too large"))

	o.catchUp()
	beside, err := Inspect(dir)
	require.NoError(t, err)
	require.True(t, beside.InUse)
	require.Equal(t, []TopicState{
		{Topic: "GIST_1_rasp", Pending: 30, Oldest: time.Unix(0, 0).UTC(), Newest: time.Unix(0, 29).UTC(), OwnLog: true},
		{Topic: "JNU_1_rasp", Pending: 6, Oldest: time.Unix(0, 9).UTC(), Newest: time.Unix(0, 14).UTC()},
	}, beside.Topics)
	require.EqualValues(t, 1, beside.Parked)
	require.Zero(t, beside.Damaged)

	require.NoError(t, o.Close())
	stopped, err := Inspect(dir)
	require.NoError(t, err)
	require.False(t, stopped.InUse)
	require.Equal(t, beside.Topics, stopped.Topics)

	_, err = Inspect(filepath.Join(dir, "nowhere"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
