package influxdb_sites

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/outputs/influxdb_v2"
)

// batch is the state of one Write to one server.
type batch struct {
	output   *InfluxDBSites
	server   *influxdb_v2.InfluxDB
	written  int
	accepted []telegraf.Metric // points of the last request that the server accepted
	rejected []rejection
	// doubtful are the rejections that may be the fault of the request, or of the server's present state, instead of the point.
	doubtful []rejection
}

type rejection struct {
	point telegraf.Metric
	err   error
}

const (
	// parts is the number of parts into which a rejected batch is split: one bad point in 5,000 costs 40 requests, 5,000 bad ones 5,700.
	parts = 8
	// maxAmbiguous limits the ambiguous rejections before the first point is written.
	maxAmbiguous = 100
	// confirmed is how many doubtful points are written again between two that the server accepts.
	confirmed = 10
)

// writeAll returns nil when the server has all points but those that it rejects, whatever its state was when it did.
func (b *batch) writeAll(points []telegraf.Metric) error {
	if err := b.write(points); err != nil {
		return err
	}
	for doubtful := range slices.Chunk(b.doubtful, confirmed) {
		if err := b.confirm(doubtful); err != nil {
			return err
		}
	}
	return nil
}

// confirm writes doubtful points again, between two requests with a point that the server has accepted. Only if it accepts that before and
// after, its rejections in between are about the points: a proxy may have rejected everything for some seconds.
func (b *batch) confirm(doubtful []rejection) error {
	if b.written == 0 {
		return doubtful[len(doubtful)-1].err
	}
	neighbor := b.accepted[:1]
	if err := b.server.Write(neighbor); err != nil {
		return err
	}
	var again []rejection
	for _, r := range doubtful {
		point := []telegraf.Metric{r.point}
		err := b.server.Write(point)
		switch {
		case err == nil:
		case b.output.isRejection(point, err):
			again = append(again, rejection{r.point, err})
		default:
			return err
		}
	}
	if err := b.server.Write(neighbor); err != nil {
		return err
	}
	b.rejected = append(b.rejected, again...)
	return nil
}

// write splits a rejected batch until each bad point is alone, because InfluxDB does not report which one it is. When it returns nil,
// InfluxDB has all other points.
func (b *batch) write(points []telegraf.Metric) error {
	err := b.server.Write(points)
	switch {
	case err == nil:
		b.written += len(points)
		b.accepted = points
		return nil
	case !b.output.isRejection(points, err):
		return err
	case len(points) == 1:
		return b.reject(points[0], err)
	}
	for part := range slices.Chunk(points, (len(points)+parts-1)/parts) {
		if err := b.write(part); err != nil {
			return err
		}
	}
	return nil
}

var errNotLineProtocol = errors.New("not valid line protocol")

func (b *batch) reject(point telegraf.Metric, err error) error {
	if !b.output.isSerializable(point) {
		err = errNotLineProtocol // the stock plugin sent an empty request: the response is about that
	}
	if !isAmbiguous(err) {
		b.rejected = append(b.rejected, rejection{point, err})
		return nil
	}
	b.doubtful = append(b.doubtful, rejection{point, err})
	if b.written == 0 && len(b.doubtful) >= maxAmbiguous {
		return err
	}
	return nil
}

// isRejection reports whether err is about the points, not about the connection or the state of InfluxDB.
func (i *InfluxDBSites) isRejection(points []telegraf.Metric, err error) bool {
	switch status, _ := responseOf(err); status {
	case http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge:
		return true
	}
	return slices.ContainsFunc(points, func(p telegraf.Metric) bool { return !i.isSerializable(p) })
}

func (i *InfluxDBSites) isSerializable(point telegraf.Metric) bool {
	_, err := i.lines.Serialize(point)
	return err == nil
}

// isAmbiguous reports whether a rejection may be about the request or a proxy. InfluxDB 2 responds with 422 to a point whose field has another type
// than before or that is older than the bucket's retention, and with "unable to parse" to an invalid one. Other responses with 400 come from
// InfluxDB 2 for a request without an organization ("Please provide either orgID or org"), from proxies, and from InfluxDB 1.8 for all bad
// points, in a form that the stock plugin does not parse.
func isAmbiguous(err error) bool {
	status, text := responseOf(err)
	switch status {
	case http.StatusNotAcceptable, http.StatusRequestEntityTooLarge:
		return true
	}
	return status == http.StatusBadRequest && !strings.Contains(text, "unable to parse")
}

// responseOf returns the status of a response for which the stock plugin drops or splits (413) a batch; otherwise 0.
func responseOf(err error) (status int, text string) {
	var tooLarge *influxdb_v2.ThrottleError
	if errors.As(err, &tooLarge) && tooLarge.StatusCode == http.StatusRequestEntityTooLarge {
		return tooLarge.StatusCode, tooLarge.Error()
	}
	var response *influxdb_v2.APIError
	if errors.As(err, &response) && !response.Retryable {
		return response.StatusCode, response.Error()
	}
	return 0, ""
}

// report counts and logs the dropped points: the first of each measurement and reason.
func (i *InfluxDBSites) report(rejected []rejection) {
	i.rejected.Incr(int64(len(rejected)))
	for _, r := range rejected {
		reason := strings.ReplaceAll(r.err.Error(), "will be dropped: ", "")
		i.once.Errorf("rejected "+r.point.Name()+" "+reason, "InfluxDB rejected a point; it was dropped: %s: %s", reason, i.describe(r.point))
	}
}
