package influxdb_sites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/outputs/influxdb_v2"
)

// refusal is a point that InfluxDB does not take.
type refusal struct {
	point telegraf.Metric
	err   error
}

// attempt is one Write.
type attempt struct {
	output   *InfluxDBSites
	written  int
	refusals []refusal
	doubt    error // the last refusal that need not be the point's fault
}

const (
	// parts is into how many a refused batch is split: one bad point in 5,000 costs 40 requests, 5,000 bad ones 5,700.
	parts = 8
	// patience is how many points are refused in doubt, with none written before them, until the attempt ends.
	patience = 100
)

// write finds each refused point by writing it alone, and has written all others when it returns nil: InfluxDB tells of one bad
// point in a batch, and not which.
func (a *attempt) write(points []telegraf.Metric) error {
	err := a.output.InfluxDB.Write(points)
	switch {
	case err == nil:
		a.written += len(points)
		return nil
	case !a.output.isOfThePoints(points, err):
		return err
	case len(points) == 1:
		return a.refuse(points[0], a.output.reason(points[0], err))
	}
	for part := range slices.Chunk(points, (len(points)+parts-1)/parts) {
		if err := a.write(part); err != nil {
			return err
		}
	}
	return nil
}

func (a *attempt) refuse(point telegraf.Metric, err error) error {
	a.refusals = append(a.refusals, refusal{point, err})
	if isDoubtful(err) {
		a.doubt = err
		if a.written == 0 && len(a.refusals) >= patience {
			return err
		}
	}
	return nil
}

// verdict is an error if no point was taken and it may be the request that is wrong: one that InfluxDB takes tells.
func (a *attempt) verdict() error {
	if a.written == 0 {
		return a.doubt
	}
	return nil
}

// isOfThePoints tells refused points from everything else that goes wrong.
func (i *InfluxDBSites) isOfThePoints(points []telegraf.Metric, err error) bool {
	switch status, _ := refusalOf(err); status {
	case http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge:
		return true
	}
	return slices.ContainsFunc(points, i.isNoLine)
}

func (i *InfluxDBSites) isNoLine(point telegraf.Metric) bool {
	_, err := i.lines.Serialize(point)
	return err != nil
}

var errNoLine = errors.New("it is no line protocol")

// reason is why a point that was written alone is refused. The stock plugin sends a request with nothing in it for one that is no
// line, and its answer is about that.
func (i *InfluxDBSites) reason(point telegraf.Metric, err error) error {
	if i.isNoLine(point) {
		return errNoLine
	}
	return err
}

// isDoubtful is true of a 400 that does not say that a point cannot be read, and of 406. InfluxDB 2 answers 422 to a point of
// another type than the field has or older than the bucket keeps. 400 is also its answer to a request without an organization
// ("Please provide either orgID or org"), a proxy's to many things, and version 1.8's to all bad points, in a form that the stock
// plugin does not read.
func isDoubtful(err error) bool {
	switch status, text := refusalOf(err); status {
	case http.StatusBadRequest:
		return !strings.Contains(text, "unable to parse")
	case http.StatusNotAcceptable:
		return true
	default:
		return false
	}
}

// refusalOf is the status of an answer for which the stock plugin drops points, or splits them (413), and else 0.
func refusalOf(err error) (status int, text string) {
	var tooLarge *influxdb_v2.ThrottleError
	if errors.As(err, &tooLarge) && tooLarge.StatusCode == http.StatusRequestEntityTooLarge {
		return tooLarge.StatusCode, tooLarge.Error()
	}
	var answer *influxdb_v2.APIError
	if errors.As(err, &answer) && !answer.Retryable {
		return answer.StatusCode, answer.Error()
	}
	return 0, ""
}

// shown is how many refused points of a batch are logged one by one.
const shown = 10

func (i *InfluxDBSites) report(refusals []refusal) {
	i.refused.Incr(int64(len(refusals)))
	for n, refusal := range refusals {
		reason := strings.ReplaceAll(refusal.err.Error(), "will be dropped: ", "")
		if n == shown {
			last := refusals[len(refusals)-1]
			i.log.Errorf("%d more points of the batch are refused, the last of them: %s", len(refusals)-n, i.describe(last.point))
			return
		}
		i.log.Errorf("InfluxDB refuses a point for good: %s: %s", reason, i.describe(refusal.point))
	}
}
