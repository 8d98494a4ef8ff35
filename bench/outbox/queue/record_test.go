package queue_test

import (
	"testing"

	"github.com/telegraf-station/telegraf-station/bench/outbox/queue"
)

func TestARecordTellsItsNumberAndEveryDamage(t *testing.T) {
	t.Parallel()
	for _, n := range []uint64{1, 230, 1 << 30} {
		record := queue.Record(n)
		if len(record) != queue.RecordSize {
			t.Fatalf("record %d has %d bytes instead of %d: %s", n, len(record), queue.RecordSize, record)
		}
		if got, sound := queue.Number(record); got != n || !sound {
			t.Errorf("record %d is taken for %d, sound: %t: %s", n, got, sound, record)
		}
		for i := range record {
			record[i] ^= 1
			if _, sound := queue.Number(record); sound {
				t.Errorf("record %d is taken for sound with byte %d changed: %s", n, i, record)
			}
			record[i] ^= 1
		}
	}
}
