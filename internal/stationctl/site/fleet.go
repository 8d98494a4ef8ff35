package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site/sitefile"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// Fleet is the plan of many sites.
type Fleet struct {
	// Shared is the plan for the bucket and its mapping, which the sites share; nil without InfluxDB.
	Shared *Plan   `json:"influxdb,omitempty"`
	Sites  []*Plan `json:"sites"`
	// Brokers are the loads of the brokers, before and after the plan.
	Brokers []Load `json:"brokers"`
}

// The limits of concurrent logins that try a password, and of sites that are being created.
const (
	planAtOnce  = 16
	applyAtOnce = 256
)

// errorsShown limits the errors that are printed: there is one per site if Kafka rejects them all.
const errorsShown = 20

// PlanFleet changes nothing. Its error has all sites that cannot be created, not only the first.
func (c *Cluster) PlanFleet(ctx context.Context, sites []AddOptions, influx *Influx) (*Fleet, error) {
	v, err := c.view(ctx, sites)
	if err != nil {
		return nil, err
	}
	f := &Fleet{Sites: make([]*Plan, len(sites)), Brokers: v.loads(sites)}
	if influx != nil {
		f.Shared = &Plan{}
		if err := influx.plan(ctx, f.Shared); err != nil {
			return nil, err
		}
	}
	errs := make([]error, len(sites))
	var group errgroup.Group
	group.SetLimit(planAtOnce)
	for i, options := range sites {
		group.Go(func() error {
			if f.Sites[i], errs[i] = c.planAdd(ctx, v, options); errs[i] != nil {
				errs[i] = sitefile.At(options.Line, "%w", errs[i])
			}
			return nil
		})
	}
	_ = group.Wait() // its functions return no errors
	return f, several(errs, errorsShown)
}

// several joins the errors, and counts those after the first ones.
func several(all []error, shown int) error {
	var errs []error
	for _, err := range all {
		if err != nil {
			errs = append(errs, err)
		}
	}
	more := len(errs) - shown
	if more <= 0 {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs[:shown:shown], fmt.Errorf("and %s", texttable.Count(more, "more error")))...)
}

// Apply creates sites concurrently, each in the order of its plan. It calls done for each site, one call at a time, when its plan has been
// applied or has failed. After an error it starts no other site, and returns when the started ones have finished.
func (f *Fleet) Apply(ctx context.Context, done func(*Plan) error) error {
	if f.Shared != nil {
		if err := f.Shared.Apply(ctx, quiet); err != nil {
			return err
		}
	}
	group, failed := errgroup.WithContext(ctx)
	group.SetLimit(applyAtOnce)
	var lock sync.Mutex
	for _, p := range f.Sites {
		if failed.Err() != nil {
			break
		}
		group.Go(func() error {
			err := p.Apply(ctx, quiet)
			lock.Lock()
			defer lock.Unlock()
			return errors.Join(err, done(p))
		})
	}
	return errors.Join(group.Wait(), ctx.Err())
}

func quiet(Step) error { return nil }

// plans returns the plans of the sites, after the one that they share.
func (f *Fleet) plans() []*Plan {
	if f.Shared == nil {
		return f.Sites
	}
	return append([]*Plan{f.Shared}, f.Sites...)
}

// Changes returns the number of steps to apply.
func (f *Fleet) Changes() int {
	count := 0
	for _, p := range f.plans() {
		count += p.Changes()
	}
	return count
}

// Applied returns how many steps have been applied.
func (f *Fleet) Applied() int {
	count := 0
	for _, p := range f.plans() {
		for _, s := range p.Steps {
			if s.Done {
				count++
			}
		}
	}
	return count
}

// Warnings reports whether something differs and is left unchanged.
func (f *Fleet) Warnings() bool {
	for _, p := range f.plans() {
		if p.Warnings() {
			return true
		}
	}
	return f.tooManyReplicas() != ""
}

// Write prints the plan as a diff, and the load of the brokers after it. Unless all is set, unchanged things are only counted.
func (f *Fleet) Write(out io.Writer, all bool) error {
	count := 0
	for _, p := range f.plans() {
		for _, s := range p.Steps {
			if s.Mark == Unchanged && !all {
				count++
				continue
			}
			if err := s.Write(out); err != nil {
				return err
			}
		}
	}
	if count > 0 {
		if _, err := fmt.Fprintf(out, "%s %d unchanged; --verbose shows them\n", Unchanged, count); err != nil {
			return err
		}
	}
	return f.writeLoads(out)
}
