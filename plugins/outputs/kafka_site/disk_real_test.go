//go:build real

package kafka_site

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/disk"
)

// A disk that hangs keeps Telegraf neither from reading nor from stopping. What was synced before is there afterwards.
func TestADiskThatHangs(t *testing.T) { // not parallel: all of its time is the disk's
	image, err := disk.Make(t.TempDir(), "card", 64<<20)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, image.Remove()) })
	dir := filepath.Join(image.Dir, "outbox")
	cluster, release := newHangingCluster(t)
	b := newDurable(t, cluster.ListenAddrs(), dir, nil)
	b.deliver(readings("JNU", 3)...)

	require.NoError(t, image.Freeze())
	thawed := false
	thaw := func() {
		if !thawed {
			thawed = true
			require.NoError(t, image.Thaw())
		}
	}
	t.Cleanup(thaw)
	for i := range 100 {
		b.output.Add(reading("JNU", "pi", 100+i))
	}
	began := time.Now()
	b.output.Close()
	require.Less(t, time.Since(began), closeTimeout+time.Second, "the promise of Close, and a second for a busy machine")
	require.Contains(t, b.log.LastError(), "Stopped with 100 readings in memory that could not be saved")
	thaw()
	release()

	require.Eventually(t, func() bool { return !b.plugin.outbox.IsOpen() }, time.Minute, time.Millisecond, "it ends once the disk responds")
	again := newDurable(t, cluster.ListenAddrs(), dir, nil)
	requireDrained(t, again)
	require.Subset(t, lights(t, consumeAll(t, cluster, "JNU_1_rasp")), []int{0, 1, 2})
	again.output.Close()
}
