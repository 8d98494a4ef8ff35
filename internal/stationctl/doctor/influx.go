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

// store is an InfluxDB in the configuration.
type store struct {
	*doctor
	*influxdb_sites.InfluxDBSites
	url string
}

// writeResponse is the response of InfluxDB to an empty write.
type writeResponse struct {
	status  int
	message string
}

func (d *doctor) influxChecks(output *influxdb_sites.InfluxDBSites, label string) []check {
	s := &store{doctor: d, InfluxDBSites: output, url: "http://localhost:8086"}
	if len(output.URLs) > 0 {
		s.url = strings.TrimRight(output.URLs[0], "/")
	}
	influx, token, bucket := label+"InfluxDB", label+"token", label+"bucket"
	var client influxdb2.Client // found by the first check
	var written writeResponse   // found by the check of the token
	return []check{
		{name: influx, run: storing(&client, s.influxDB)},
		{name: token, needs: []string{influx}, run: storing(&written, func(ctx context.Context) (writeResponse, result) { return s.token(ctx, client) })},
		{name: bucket, needs: []string{token}, run: func(context.Context) result { return s.bucket(written) }},
		{name: label + "DBRP", needs: []string{bucket}, run: func(ctx context.Context) result { return s.dbrp(ctx, client) }},
	}
}

// influxDB checks the connection and compares the clocks.
func (s *store) influxDB(ctx context.Context) (influxdb2.Client, result) {
	client, err := s.newClient()
	if err != nil {
		return nil, failed(s.fixEdit("fix the option"), "%v", err)
	}
	fixURL := s.fixEdit(`urls = ["http://localhost:8086"]`)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/ping", nil)
	if err != nil {
		return nil, failed(fixURL, "%v", err)
	}
	pong, err := client.Options().HTTPClient().Do(request)
	if err != nil {
		return nil, failed(onHost(request.URL.Hostname(), "sudo systemctl start influxdb"), "cannot connect to %s: %v", s.url, err)
	}
	_ = pong.Body.Close() // it is empty
	version := pong.Header.Get("X-Influxdb-Version")
	if version == "" || pong.StatusCode/100 != 2 {
		return nil, failed(fixURL, "%s is not an InfluxDB: it responds %s", s.url, pong.Status)
	}
	now, _ := s.Clock()
	if offset := clockOffset(pong.Header, now); offset.Abs() > 5*time.Second {
		return client, warning(fixClock, "%s responds, but its clock and the clock of this computer differ by %s", s.url, offset.Round(time.Second))
	}
	return client, ok("%s responds (%s)", s.url, version)
}

func (s *store) newClient() (influxdb2.Client, error) {
	secret, err := s.Token.Get()
	if err != nil {
		return nil, err
	}
	defer secret.Destroy()
	config, err := s.TLSConfig()
	if err != nil {
		return nil, err
	}
	options := influxdb2.DefaultOptions().SetTLSConfig(config).SetHTTPRequestTimeout(5).SetLogLevel(0)
	return influxdb2.NewClientWithOptions(s.url, secret.String(), options), nil
}

// token writes nothing to the bucket, which shows whether the token can write.
func (s *store) token(ctx context.Context, client influxdb2.Client) (written writeResponse, r result) {
	target := fmt.Sprintf("%s/api/v2/write?org=%s&bucket=%s", s.url, url.QueryEscape(s.Organization), url.QueryEscape(s.Bucket))
	written.status = http.StatusNoContent
	if err := client.HTTPService().DoPostRequest(ctx, target, strings.NewReader(""), nil, nil); err != nil {
		written = writeResponse{err.StatusCode, err.Error()}
	}
	switch written.status {
	case http.StatusUnauthorized:
		return written, failed(s.fixToken(), "InfluxDB rejected the token: %.200s", written.message)
	case http.StatusForbidden:
		return written, failed(s.fixToken(), "the token cannot write to bucket %q: %.200s", s.Bucket, written.message)
	case 0:
		return written, failed("", "%.200s", written.message)
	}
	return written, ok("the token can write")
}

// fixToken creates a token and opens the file with the variable for it.
func (s *store) fixToken() string {
	return fmt.Sprintf("influx auth create --host %s --org %s --write-buckets --read-buckets --description telegraf-station && sudoedit %s  # INFLUX_TOKEN=\"...\"",
		quote(s.url), quote(s.Organization), quote(s.Environment))
}

func (s *store) bucket(written writeResponse) result {
	switch {
	case written.status == http.StatusNotFound && strings.Contains(written.message, "organization"):
		return failed(s.fixEdit(`organization = "..."`), "organization %q does not exist: %.200s", s.Organization, written.message)
	case written.status == http.StatusNotFound:
		return failed(fmt.Sprintf("influx bucket create --host %s --org %s --name %s", quote(s.url), quote(s.Organization), quote(s.Bucket)),
			"bucket %q does not exist: %.200s", s.Bucket, written.message)
	case written.status/100 != 2:
		return failed("", "InfluxDB responds %d: %.200s", written.status, written.message)
	}
	return ok("%q exists", s.Bucket)
}

// dbrp checks the mapping that v1 queries (InfluxQL) need to find the bucket under its own name.
func (s *store) dbrp(ctx context.Context, client influxdb2.Client) result {
	mapped, virtual, err := site.FindMapping(ctx, client, s.Organization, s.Bucket)
	fix := fmt.Sprintf("INFLUX_URL=%s INFLUX_ORG=%s INFLUX_BUCKET=%s INFLUX_DATABASE=%s sh %s", quote(s.url), quote(s.Organization), quote(s.Bucket), quote(s.Bucket), mappingScript)
	switch {
	case err != nil:
		return unchecked("the token cannot read it: %.200s", err.Error())
	case !mapped:
		return warning(fix, "bucket %q has no database for v1 queries (InfluxQL)", s.Bucket)
	case virtual:
		return warning(fix, "database %q uses a virtual mapping of InfluxDB, which disappears when another mapping is created", s.Bucket)
	}
	return ok("database %q shows the bucket in v1 queries", s.Bucket)
}

// mappingScript is installed by the package; it needs INFLUX_TOKEN.
const mappingScript = "/usr/share/doc/telegraf-station/examples/central/influxdb-v1-query.sh"
