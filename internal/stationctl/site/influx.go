package site

import (
	"context"
	"fmt"
	"strings"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/domain"
)

// Influx is the InfluxDB 2 that the points go to.
type Influx struct {
	client                     influxdb2.Client
	url, org, bucket, database string
}

// policy is the retention policy that v1 queries name, or leave out.
const policy = "autogen"

// NewInflux connects when it is first asked. Close ends the connections.
func NewInflux(url, token, org, bucket, database string) *Influx {
	return &Influx{influxdb2.NewClient(url, token), url, org, bucket, database}
}

// Close ends the connections.
func (i *Influx) Close() { i.client.Close() }

// wrap shortens what may be a page of HTML.
func (i *Influx) wrap(what string, err error) error {
	return fmt.Errorf("InfluxDB at %s: %s: %.300s", i.url, what, err.Error())
}

// plan makes the bucket and the mapping by which v1 queries (InfluxQL) find it, if they are missing.
func (i *Influx) plan(ctx context.Context, p *Plan) error {
	org, err := i.client.OrganizationsAPI().FindOrganizationByName(ctx, i.org)
	if err != nil {
		return i.wrap(fmt.Sprintf("organization %q", i.org), err)
	}
	bucket, err := i.findBucket(ctx, *org.Id)
	if err != nil {
		return i.wrap(fmt.Sprintf("bucket %q", i.bucket), err)
	}
	if bucket == "" {
		p.add(Made, func(ctx context.Context) error { return i.makeBucket(ctx, *org.Id) }, "bucket %q in InfluxDB, which keeps its points for ever", i.bucket)
	} else {
		p.is("bucket %q in InfluxDB", i.bucket)
	}
	return i.planMapping(ctx, p, *org.Id, bucket)
}

func (i *Influx) planMapping(ctx context.Context, p *Plan, org, bucket string) error {
	mapped, err := i.findMapping(ctx, org)
	switch {
	case err != nil:
		return i.wrap(fmt.Sprintf("mapping of database %q", i.database), err)
	case mapped == "":
		p.add(Made, func(ctx context.Context) error { return i.makeMapping(ctx, org) }, "database %q for v1 queries shows bucket %q (DBRP)", i.database, i.bucket)
	case mapped == bucket:
		p.is("database %q for v1 queries shows bucket %q (DBRP)", i.database, i.bucket)
	default:
		p.doubt("database %q for v1 queries shows another bucket (its ID is %s): it stays so; give another --influx-database", i.database, mapped)
	}
	return nil
}

// findBucket is its ID, "" if there is none.
func (i *Influx) findBucket(ctx context.Context, org string) (string, error) {
	found, err := i.client.APIClient().GetBuckets(ctx, &domain.GetBucketsParams{OrgID: &org, Name: &i.bucket})
	if missing(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if found.Buckets != nil {
		for _, b := range *found.Buckets {
			if b.Name == i.bucket {
				return *b.Id, nil
			}
		}
	}
	return "", nil
}

// findMapping is the ID of the bucket that the database shows. InfluxDB makes mappings of its own, which are passed over: they end as
// soon as somebody makes another.
func (i *Influx) findMapping(ctx context.Context, org string) (string, error) {
	found, err := i.client.APIClient().GetDBRPs(ctx, &domain.GetDBRPsParams{OrgID: &org, Db: &i.database})
	if missing(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if found.Content != nil {
		for _, m := range *found.Content {
			if m.Default && (m.Virtual == nil || !*m.Virtual) {
				return m.BucketID, nil
			}
		}
	}
	return "", nil
}

// missing goes by the text: the library keeps no more of the answer.
func missing(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), string(domain.ErrorCodeNotFound)+": ")
}

func (i *Influx) makeBucket(ctx context.Context, org string) error {
	_, err := i.client.BucketsAPI().CreateBucketWithNameWithID(ctx, org, i.bucket)
	return err
}

// makeMapping looks for the bucket again: it may have been made by the step before.
func (i *Influx) makeMapping(ctx context.Context, org string) error {
	bucket, err := i.findBucket(ctx, org)
	if err != nil {
		return err
	}
	isDefault := true
	_, err = i.client.APIClient().PostDBRP(ctx, &domain.PostDBRPAllParams{Body: domain.PostDBRPJSONRequestBody{
		BucketID: bucket, Database: i.database, RetentionPolicy: policy, Default: &isDefault, OrgID: &org,
	}})
	return err
}

// FindMapping says whether a database of v1 queries shows a bucket of the same name; virtual, by a mapping that InfluxDB made by itself.
func FindMapping(ctx context.Context, client influxdb2.Client, org, database string) (mapped, virtual bool, err error) {
	found, err := client.APIClient().GetDBRPs(ctx, &domain.GetDBRPsParams{Org: &org, Db: &database})
	if missing(err) || err == nil && found.Content == nil {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	for _, m := range *found.Content {
		if m.Default {
			own := m.Virtual != nil && *m.Virtual
			mapped, virtual = true, own && (virtual || !mapped)
		}
	}
	return mapped, virtual, nil
}
