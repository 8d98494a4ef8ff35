package site

import (
	"context"
	"fmt"
	"strings"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/domain"
)

// Influx is the InfluxDB 2 that stores the points.
type Influx struct {
	client                     influxdb2.Client
	url, org, bucket, database string
}

// policy is the retention policy that v1 queries name, or leave out.
const policy = "autogen"

// NewInflux returns a client that connects on first use. Close closes the connections.
func NewInflux(url, token, org, bucket, database string) *Influx {
	return &Influx{influxdb2.NewClient(url, token), url, org, bucket, database}
}

// Close closes the connections.
func (i *Influx) Close() { i.client.Close() }

// wrap shortens an error that may be an HTML page.
func (i *Influx) wrap(what string, err error) error {
	return fmt.Errorf("InfluxDB at %s: %s: %.300s", i.url, what, err.Error())
}

// plan creates the bucket and the mapping for v1 queries (InfluxQL) if they are missing.
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
		p.add(Created, func(ctx context.Context) error { return i.createBucket(ctx, *org.Id) }, "bucket %q in InfluxDB, which keeps its points indefinitely", i.bucket)
	} else {
		p.keep("bucket %q in InfluxDB", i.bucket)
	}
	return i.planMapping(ctx, p, *org.Id, bucket)
}

func (i *Influx) planMapping(ctx context.Context, p *Plan, org, bucket string) error {
	mapped, err := i.findMapping(ctx, org)
	switch {
	case err != nil:
		return i.wrap(fmt.Sprintf("mapping of database %q", i.database), err)
	case mapped == "":
		p.add(Created, func(ctx context.Context) error { return i.createMapping(ctx, org) }, "database %q for v1 queries shows bucket %q (DBRP)", i.database, i.bucket)
	case mapped == bucket:
		p.keep("database %q for v1 queries shows bucket %q (DBRP)", i.database, i.bucket)
	default:
		p.warn("database %q for v1 queries shows another bucket (ID %s) and is left unchanged; set another --influx-database", i.database, mapped)
	}
	return nil
}

// findBucket returns the ID of the bucket, or "".
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

// findMapping returns the ID of the bucket that the database shows. It ignores the virtual mappings of InfluxDB, which disappear as soon as
// a real one is created.
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

// missing matches the text: the library keeps nothing else of the response.
func missing(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), string(domain.ErrorCodeNotFound)+": ")
}

func (i *Influx) createBucket(ctx context.Context, org string) error {
	_, err := i.client.BucketsAPI().CreateBucketWithNameWithID(ctx, org, i.bucket)
	return err
}

// createMapping finds the bucket again: the previous step may have created it.
func (i *Influx) createMapping(ctx context.Context, org string) error {
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

// FindMapping reports whether a database for v1 queries shows a bucket of the same name; virtual, if only by the automatic mapping of InfluxDB.
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
