package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	"github.com/telegraf-station/telegraf-station/plugins/outputs/influxdb_sites"
)

// store is an InfluxDB of the configuration.
type store struct {
	*doctor
	*influxdb_sites.InfluxDBSites
	client influxdb2.Client
	url    string
	// status and message are what InfluxDB answered to a write of nothing.
	status  int
	message string
}

func (d *doctor) influxChecks(output *influxdb_sites.InfluxDBSites, label string) []check {
	s := &store{doctor: d, InfluxDBSites: output, url: "http://localhost:8086"}
	if len(output.URLs) > 0 {
		s.url = strings.TrimRight(output.URLs[0], "/")
	}
	influx, token, bucket := label+"InfluxDB", label+"token", label+"bucket"
	return []check{
		{name: influx, run: s.reachable},
		{name: token, needs: []string{influx}, run: s.token},
		{name: bucket, needs: []string{token}, run: s.bucket},
		{name: label + "DBRP", needs: []string{bucket}, run: s.mapping},
	}
}

// reachable also compares the clocks.
func (s *store) reachable(ctx context.Context) result {
	if err := s.connect(); err != nil {
		return bad(s.edit("mend it"), "%v", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/ping", nil)
	if err != nil {
		return bad(s.edit(`urls = ["http://localhost:8086"]`), "%v", err)
	}
	response, err := s.client.Options().HTTPClient().Do(request)
	if err != nil {
		return bad(on(request.URL.Hostname(), "sudo systemctl start influxdb"), "%s does not answer: %v", s.url, err)
	}
	_ = response.Body.Close() // nothing of it was wanted
	version := response.Header.Get("X-Influxdb-Version")
	if version == "" || response.StatusCode/100 != 2 {
		return bad(s.edit(`urls = ["http://localhost:8086"]`), "%s answers %s, and is no InfluxDB", s.url, response.Status)
	}
	now, _ := s.Clock()
	if off, known := offBy(response.Header, now); known && off.Abs() > 5*time.Second {
		return doubtful(setClock, "%s answers, but its clock and this computer's differ by %s", s.url, off.Round(time.Second))
	}
	return good("%s answers (%s)", s.url, version)
}

func (s *store) connect() error {
	secret, err := s.Token.Get()
	if err != nil {
		return err
	}
	defer secret.Destroy()
	config, err := s.TLSConfig()
	if err != nil {
		return err
	}
	options := influxdb2.DefaultOptions().SetTLSConfig(config).SetHTTPRequestTimeout(5).SetLogLevel(0)
	s.client = influxdb2.NewClientWithOptions(s.url, secret.String(), options)
	return nil
}

// token writes nothing into the bucket, and so finds out whether it could write something.
func (s *store) token(ctx context.Context) result {
	target := fmt.Sprintf("%s/api/v2/write?org=%s&bucket=%s", s.url, url.QueryEscape(s.Organization), url.QueryEscape(s.Bucket))
	if err := s.client.HTTPService().DoPostRequest(ctx, target, strings.NewReader(""), nil, nil); err != nil {
		s.status, s.message = err.StatusCode, err.Error()
	} else {
		s.status = http.StatusNoContent
	}
	switch s.status {
	case http.StatusUnauthorized:
		return bad(s.newToken(), "InfluxDB does not know the token (%.200s)", s.message)
	case http.StatusForbidden:
		return bad(s.newToken(), "the token may not write bucket %q (%.200s)", s.Bucket, s.message)
	case 0:
		return bad("", "%.200s", s.message)
	}
	return good("InfluxDB knows it, and lets it write")
}

// newToken makes one; it goes into the variable that the configuration asks for.
func (s *store) newToken() string {
	return fmt.Sprintf("influx auth create --host %s --org %s --write-buckets --read-buckets --description telegraf-station && sudoedit %s  # INFLUX_TOKEN=\"...\"",
		quote(s.url), quote(s.Organization), quote(s.Environment))
}

func (s *store) bucket(context.Context) result {
	switch {
	case s.status == http.StatusNotFound && strings.Contains(s.message, "organization"):
		return bad(s.edit(`organization = "..."`), "there is no organization %q (%.200s)", s.Organization, s.message)
	case s.status == http.StatusNotFound:
		return bad(fmt.Sprintf("influx bucket create --host %s --org %s --name %s", quote(s.url), quote(s.Organization), quote(s.Bucket)),
			"there is no bucket %q (%.200s)", s.Bucket, s.message)
	case s.status/100 != 2:
		return bad("", "InfluxDB answers %d: %.200s", s.status, s.message)
	}
	return good("%q is there", s.Bucket)
}

// mapping is by which v1 queries (InfluxQL) find the bucket under its own name.
func (s *store) mapping(ctx context.Context) result {
	mapped, virtual, err := site.FindMapping(ctx, s.client, s.Organization, s.Bucket)
	fix := fmt.Sprintf("INFLUX_URL=%s INFLUX_ORG=%s INFLUX_BUCKET=%s INFLUX_DATABASE=%s sh %s", quote(s.url), quote(s.Organization), quote(s.Bucket), quote(s.Bucket), mappingScript)
	switch {
	case err != nil:
		return unchecked("this token may not read it: %.200s", err.Error())
	case !mapped:
		return doubtful(fix, "no database for v1 queries (InfluxQL) shows bucket %q", s.Bucket)
	case virtual:
		return doubtful(fix, "database %q shows the bucket by InfluxDB's own mapping, which ends when somebody makes another", s.Bucket)
	}
	return good("database %q shows the bucket in v1 queries", s.Bucket)
}

// mappingScript is where the package has it; it needs INFLUX_TOKEN.
const mappingScript = "/usr/share/doc/telegraf-station/examples/central/influxdb-v1-query.sh"
