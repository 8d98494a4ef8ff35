//go:build real

package audit

import (
	"fmt"
	"testing"
	"time"
)

func TestProbeQuote(t *testing.T) {
	b := newBucket(t)
	for _, id := range []string{`a"b`, `b\c`, `${1}`, "$x", "n\nl", "z\u200b", "온도", "sp ace", "c,d=e", `end\`, "tab\tx", "\x01"} {
		b.put(id, nil, 1)
		store := NewInfluxDB(b.server.URL(), b.server.Token(), b.server.Organization(), b.server.Bucket())
		n := 0
		err := store.Times(t.Context(), "JNU_1_rasp", id, begin, begin.Add(time.Hour), func(int64) { n++ })
		t.Logf("%q: %d %v", id, n, err)
		store.Close()
	}
	r, err := b.client.QueryAPI("station").QueryRaw(t.Context(), `import "influxdata/influxdb/schema" schema.tagValues(bucket: "station", tag: "id", start: 0)`, nil)
	fmt.Printf("%q %v\n", r, err)
}
