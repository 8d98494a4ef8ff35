package status

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestColumns(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	for _, topic := range []string{"JNU_1_rasp", "GIST_1_rasp", "KAIST_1_rasp", "other", "__consumer_offsets"} {
		b.topic(t, topic, 1)
	}
	b.send(t, "JNU_1_rasp", readings(1, 13)...)
	b.commit(t, "telegraf-station", "JNU_1_rasp", 10)
	five := []sent{{device: "a", status: 0}, {device: "b", status: 1}, {device: "c", status: 0}, {device: "d", age: time.Hour}, {device: "e", status: 2}}
	b.send(t, "GIST_1_rasp", five...)

	report := b.look(t)
	report.SortTroubles()
	require.False(t, report.OK())
	var out bytes.Buffer
	require.NoError(t, report.Write(&out))
	text := regexp.MustCompile(` [0-9]+s +`).ReplaceAllString(out.String(), " NOW ")
	require.Equal(t, `topic         last reading  rate   status       devices  lag    lost  parked  problems
GIST_1_rasp   NOW -      2 of 5 good  5        all 5  0     -       readings of "d" arrive, but are old: they were pending, or its clock is wrong; the board of "e" is silent
KAIST_1_rasp  never         -      -            0        0      0     -       no records
JNU_1_rasp    NOW 6/min  good         1        3      0     -
3 sites, 2 with problems
`, text)
}

func TestRateIsOfASecondIfItIsHigh(t *testing.T) {
	t.Parallel()
	for perMinute, want := range map[float64]string{0: "-", 6: "6/min", 0.5: "0.5/min", 59.94: "59.9/min", 60: "1/s", 1234: "20.6/s"} {
		require.Equal(t, want, rateText(perMinute))
	}
	for age, want := range map[time.Duration]string{
		-time.Second: "0s", 59 * time.Second: "59s", 60 * time.Second: "1m", 61 * time.Second: "1m1s", 125 * time.Minute: "2h5m",
		49*time.Hour + time.Minute: "2d1h", -3 * time.Hour: "in 3h",
	} {
		require.Equal(t, want, ageText(age))
	}
}

// Each problem has a topic of its own.
func TestTroubles(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	for topic, all := range map[string][]sent{
		"good_1_x":     readings(1, 150),
		"failing_1_x":  {{device: "pi", status: 1}},
		"empty_1_x":    nil,
		"mute_1_x":     {{device: "pi", status: 2}},
		"old_1_x":      {{device: "pi", age: time.Hour}},
		"ahead_1_x":    {{device: "pi", age: -time.Hour}},
		"lost_1_x":     append(readings(1, 3), sent{device: "pi", seq: 7}),
		"skipped_1_x":  append(readings(1, 3), sent{device: "pi", seq: 8, skipped: "parked=4;dropped=5-7"}),
		"late_1_x":     append(readings(1, 3), sent{device: "pi", seq: 5}, sent{device: "pi", seq: 6, skipped: "parked=4"}),
		"again_1_x":    append(readings(451, 500), readings(1, 40)...),
		"parked_1_x":   {{device: "pi", seq: 1, health: `{"parked":3,"outbox_records":9}`}, {device: "pi", seq: 2}},
		"replayed_1_x": {{device: "pi", seq: 1, health: `{"parked":3}`}, {device: "pi", seq: 2, health: `{"parked":0}`}},
		"noise_1_x":    {{device: "pi"}, {device: "pi", value: "no JSON"}, {device: "pi", value: `{"device_id":"pi","status":7}`}},
		"foreign_1_x":  {{device: "pi", value: "no JSON"}},
	} {
		b.topic(t, topic, 1)
		if len(all) > 0 {
			b.send(t, topic, all...)
		}
	}
	b.topic(t, "lag_1_x", 1)
	b.send(t, "lag_1_x", readings(1, 1001)...)
	b.commit(t, "telegraf-station", "lag_1_x", 0)
	got := make(map[string]string)
	for _, site := range b.look(t).Sites {
		got[site.Topic] = strings.Join(site.Troubles, "; ")
	}
	require.Equal(t, map[string]string{
		"good_1_x": "", "failing_1_x": "", "skipped_1_x": "", "late_1_x": "", "again_1_x": "", "replayed_1_x": "",
		"empty_1_x":   "no records",
		"mute_1_x":    `the board of "pi" is silent`,
		"old_1_x":     `readings of "pi" arrive, but are old: they were pending, or its clock is wrong`,
		"ahead_1_x":   `the clock of "pi" is ahead`,
		"lost_1_x":    "3 lost in its last records; run stationctl audit lost_1_x",
		"parked_1_x":  "3 parked; run stationctl outbox list on the station",
		"noise_1_x":   "2 of its last records are unreadable",
		"foreign_1_x": "no readings in its last records; 1 of its last records are unreadable",
		"lag_1_x":     `group "telegraf-station" lags by 1001 records`,
	}, got)
}

func TestOldReadingsThatCameInLongAgo(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.topic(t, "JNU_1_rasp", 1)
	message := b.message("JNU_1_rasp", sent{device: "pi", age: time.Hour})
	message.Timestamp = b.now.Add(-time.Hour)
	_, _, err := b.producer.SendMessage(message)
	require.NoError(t, err)
	site := b.site(t)
	require.Equal(t, []string{`no reading of "pi" for 5m or more`}, site.Troubles)
	require.Equal(t, Silent, site.Devices[0].State)
}

func TestDevicesOfOneAgentParkTheSameRecords(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.topic(t, "JNU_1_rasp", 4)
	for _, device := range []string{"a", "b", "c"} {
		b.send(t, "JNU_1_rasp", sent{device: device, seq: 1, health: `{"parked":2,"outbox_records":5,"stolen":1}`})
	}
	site := b.site(t)
	require.EqualValues(t, 2, *site.Parked)
	require.Len(t, site.Devices, 3)
	require.Equal(t, map[string]int64{"parked": 2, "outbox_records": 5}, map[string]int64(site.Devices[0].Health))
}

func TestSitePattern(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	for _, topic := range []string{"JNU_1_rasp", "JNU_10_rasp", "JNU_1_uno", "JNUX_1_rasp", "plain"} {
		b.topic(t, topic, 1)
	}
	for pattern, want := range map[string][]string{
		"":           {"JNUX_1_rasp", "JNU_10_rasp", "JNU_1_rasp", "JNU_1_uno"},
		"JNU":        {"JNU_10_rasp", "JNU_1_rasp", "JNU_1_uno"},
		"JNU_1":      {"JNU_1_rasp", "JNU_1_uno"},
		"*_1_rasp":   {"JNUX_1_rasp", "JNU_1_rasp"},
		"JNU_1_rasp": {"JNU_1_rasp"},
	} {
		o := options(b.Addresses())
		o.Site = pattern
		report, err := Run(t.Context(), o)
		require.NoError(t, err)
		var got []string
		for _, site := range report.Sites {
			got = append(got, site.Topic)
		}
		require.Equal(t, want, got, pattern)
	}
	o := options(b.Addresses())
	o.Site = "KAIST"
	_, err := Run(t.Context(), o)
	require.EqualError(t, err, `no site topic matches "KAIST"; "stationctl site list" shows the existing topics`)
	require.ErrorContains(t, CheckSite("["), `"[": syntax error in pattern`)
}

func TestLagOfAGroupThatIsUnknown(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.topic(t, "JNU_1_rasp", 1)
	b.send(t, "JNU_1_rasp", readings(1, 20)...)
	b.commit(t, "other", "JNU_1_rasp", 20)
	site := b.site(t)
	require.True(t, site.NeverConsumed)
	require.EqualValues(t, 20, *site.Lag)
	require.Equal(t, "all 20", site.lagText())
	require.Empty(t, site.Troubles)
	o := options(b.Addresses())
	o.Group = "other"
	report, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Zero(t, *report.Sites[0].Lag)
	require.Equal(t, "0", report.Sites[0].lagText())
}

// An offset that was committed before a topic was re-created is beyond its end.
func TestLagIsNeverNegative(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.topic(t, "JNU_1_rasp", 1)
	b.send(t, "JNU_1_rasp", readings(1, 2)...)
	b.commit(t, "telegraf-station", "JNU_1_rasp", 500)
	require.Zero(t, *b.site(t).Lag)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.topic(t, "JNU_1_rasp", 1)
	b.send(t, "JNU_1_rasp", readings(1, 3)...)
	text, err := json.Marshal(b.look(t))
	require.NoError(t, err)
	var report Report
	require.NoError(t, json.Unmarshal(text, &report))
	site := report.Sites[0]
	require.InDelta(t, 6, site.PerMinute, 0.01)
	require.Equal(t, "pi", site.Devices[0].ID)
	require.Equal(t, []string{}, site.Troubles)
	require.Nil(t, site.Parked)
}

func TestBrokersThatAreNotThere(t *testing.T) {
	t.Parallel()
	o := options([]string{"127.0.0.1:1"})
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "cannot connect to Kafka at 127.0.0.1:1")
	b := newBed(t)
	_, err = Run(t.Context(), options(b.Addresses()))
	require.ErrorContains(t, err, "no site topic exists")
}
