package kafka_sites

import (
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// named sets the options of conf/central.
func named(k *KafkaSites) {
	k.Topic, k.Measurement = "{site}_{index}_{type}", "{site}_{type}"
	k.Rename = map[string]string{"device_id": "id", "lat": "latitude", "lon": "longitude"}
}

func TestInvalidNames(t *testing.T) {
	t.Parallel()
	require.NoError(t, newPlugin(t, named).Init())
	for want, change := range map[string]func(*KafkaSites){
		`option "topic" must contain tags in braces, as in "{site}_{index}_{type}" (got "sites")`: func(k *KafkaSites) { k.Topic = "sites" },
		`option "topic" must contain each tag only once (got "{site}_{site}")`:                    func(k *KafkaSites) { k.Topic = "{site}_{site}" },
		`option "measurement" requires option "topic" (got "{site}_{type}")`: func(k *KafkaSites) {
			k.Topic = ""
		},
		`options "measurement" and "msg_header_as_metric_name" are mutually exclusive; set only one of them`:              func(k *KafkaSites) { k.MsgHeaderAsMetricName = "kind" },
		`option "measurement" must contain tags of option "topic" in braces, as in "{site}_{type}" (got "{site}_{kind}")`: func(k *KafkaSites) { k.Measurement = "{site}_{kind}" },
		`option "measurement" must contain tags of option "topic" in braces, as in "{site}_{type}" (got "{site}_{type")`:  func(k *KafkaSites) { k.Measurement = "{site}_{type" },
		`option "measurement" must contain tags of option "topic" in braces, as in "{site}_{type}" (got "readings")`:      func(k *KafkaSites) { k.Measurement = "readings" },
		`option "rename" must not contain empty names (got "lat" = "")`:                                                   func(k *KafkaSites) { k.Rename["lat"] = "" },
		`option "rename" must not use a name twice (got "lon" = "latitude")`:                                              func(k *KafkaSites) { k.Rename["lon"] = "latitude" },
		`option "rename" must not use a name twice (got "id" = "lat")`:                                                    func(k *KafkaSites) { k.Rename = map[string]string{"id": "lat", "lat": "x"} },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			plugin := newPlugin(t, named)
			change(plugin)
			require.EqualError(t, plugin.Init(), want)
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*KafkaSites)
		topic  string
		want   telegraf.Metric
	}{
		"as in conf/central": {
			named, "JNU_1_rasp",
			metric.New("JNU_rasp", map[string]string{"id": "pi", "site": "JNU", "index": "1", "type": "rasp"}, map[string]any{"latitude": 35.0, "light": int64(1)}, start),
		},
		"without the options": {
			func(*KafkaSites) {}, "JNU_1_rasp",
			metric.New("environment", map[string]string{"device_id": "pi"}, map[string]any{"lat": 35.0, "light": int64(1)}, start),
		},
		"not a site": {
			named, "archive",
			metric.New("environment", map[string]string{"id": "pi"}, map[string]any{"latitude": 35.0, "light": int64(1)}, start),
		},
		"tags alone": {
			func(k *KafkaSites) { k.Topic = "{site}_{index}_{device_id}" }, "JNU_1_rasp",
			metric.New("environment", map[string]string{"device_id": "rasp", "site": "JNU", "index": "1"}, map[string]any{"lat": 35.0, "light": int64(1)}, start),
		},
		"an existing field": {
			func(k *KafkaSites) { k.Rename = map[string]string{"lat": "light"} }, "JNU_1_rasp",
			metric.New("environment", map[string]string{"device_id": "pi"}, map[string]any{"light": 35.0}, start),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plugin := newPlugin(t, test.change)
			require.NoError(t, plugin.Init())
			got := metric.New("environment", map[string]string{"device_id": "pi"}, map[string]any{"lat": 35.0, "light": int64(1)}, start)
			site := plugin.siteOf(test.topic)
			site.apply(got)
			testutil.RequireMetricEqual(t, test.want, got)
		})
	}
}

func TestTopicThatIsNotASiteIsLoggedOnce(t *testing.T) {
	t.Parallel()
	plugin := newPlugin(t, named)
	require.NoError(t, plugin.Init())
	for range 3 {
		plugin.siteOf("archive")
		plugin.siteOf("JNU_1_rasp")
	}
	warnings := plugin.Log.(*testutil.CaptureLogger).Warnings()
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0], `The name of topic archive does not match option "topic" ("{site}_{index}_{type}")`)
}

func TestMetricsOfTopicsAndAgentsKeepTheirNames(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, "JNU_1_rasp"))
	produceRecords(t, cluster, &kgo.Record{
		Topic: "JNU_1_rasp", Key: []byte("not the device"), Value: []byte(`{"device_id":"pi","status":0,"time":"2026-11-24T12:00:00Z"}`),
		Headers: []kgo.RecordHeader{{Key: record.HeaderHealth, Value: []byte(`{"uptime":60}`)}},
	})
	c := newCentral(t, cluster, named)
	metrics := c.next(t, 2)
	require.Equal(t, "JNU_rasp", metrics[0].Name())
	require.Equal(t, "kafka_sites_agent", metrics[1].Name())
	require.Equal(t, map[string]string{"topic": "JNU_1_rasp", "id": "pi", "site": "JNU", "index": "1", "type": "rasp"}, metrics[1].Tags())
	accept(metrics...)
	reported := c.gather(t)["JNU_1_rasp"]
	require.NotNil(t, reported)
	require.Equal(t, map[string]string{"topic": "JNU_1_rasp", "group": "telegraf-station", "site": "JNU", "index": "1", "type": "rasp"}, reported.Tags())
}
