package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/hostile"
)

// Whatever answers instead of the broker: the tool reports the cause, soon, and leaves nothing half done.
func TestSiteMeetsStrangeBrokers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: waits half a minute for silent brokers")
	}
	for _, broker := range hostile.Brokers(t) {
		t.Run(broker.Name, func(t *testing.T) {
			t.Parallel()
			credentials := filepath.Join(t.TempDir(), "c.env")
			for _, args := range [][]string{{"site", "list"}, {"site", "add", "JNU", "1", "rasp", "--credentials", credentials}} {
				args = append(args, "--brokers", broker.Address, "--timeout", "15s") // of which a busy machine needs some
				if broker.CA != "" {
					args = append(args, "--tls-ca", broker.CA)
				}
				begin := time.Now()
				code, _, errs := call(t, args...)
				t.Log(errs)
				require.Equal(t, exitFailed, code)
				require.Regexp(t, broker.Says, errs)
				require.Less(t, time.Since(begin), time.Minute)
			}
			require.NoFileExists(t, credentials)
		})
	}
}

// A name that is none is refused before anybody is asked: there is no broker here.
func TestSiteRefusesStrangeNames(t *testing.T) {
	t.Parallel()
	credentials := filepath.Join(t.TempDir(), "c.env")
	flags := []string{"--brokers", "127.0.0.1:1", "--credentials", credentials}
	for _, name := range []string{"../../etc", "a_b", ";drop", "전남대", "", "*", "a b", "a\nb", strings.Repeat("x", 300)} {
		for i, args := range [][]string{{name, "1", "rasp"}, {"JNU", name, "rasp"}, {"JNU", "1", name}} {
			code, _, errs := call(t, append(append([]string{"site", "add"}, args...), flags...)...)
			require.Equal(t, exitFailed, code, name)
			require.Regexp(t, `(SITE|INDEX|TYPE) must consist of letters|Kafka allows at most 249 characters`, errs)
			if len(name) < 300 {
				require.Contains(t, errs, fmt.Sprintf("%s must consist of letters (a-z, A-Z), digits, \".\" and \"-\" (got %q)", []string{"SITE", "INDEX", "TYPE"}[i], name))
			}
		}
		for _, topic := range []string{name, name + "_1_rasp"} {
			for _, args := range [][]string{{"show", topic}, {"remove", topic, "--yes"}, {"rotate-credentials", topic, "--credentials", credentials}} {
				code, _, errs := call(t, append([]string{"site", "--brokers", "127.0.0.1:1"}, args...)...)
				require.Equal(t, exitFailed, code, topic)
				require.Contains(t, errs, fmt.Sprintf("topic %q is not a site topic", topic))
			}
		}
	}
	require.NoFileExists(t, credentials)
}

// An InfluxDB that takes its time: the command ends when --timeout says so, and nothing is done by half.
func TestSiteMeetsASlowInfluxDB(t *testing.T) {
	t.Setenv("INFLUX_TOKEN", "t0p-secret")
	g := newGuarded(t)
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(stop) })
	begin := time.Now()
	code, _, errs := g.site(t, g.add("--influx-url", server.URL, "--timeout", "2s")...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "not finished within 2s, or interrupted; repeat the command (InfluxDB at "+server.URL)
	require.NotContains(t, errs, "t0p-secret")
	require.Less(t, time.Since(begin), 30*time.Second)
	code, out, _ := g.site(t, "list", "--json")
	require.Equal(t, exitGood, code)
	require.JSONEq(t, "[]", out)
	require.NoFileExists(t, g.file("c.env"))
}
