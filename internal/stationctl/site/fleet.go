package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site/sitefile"
)

// Fleet is the plan of many sites.
type Fleet struct {
	// Shared is what they have in common, the bucket and its mapping; nil: not looked at.
	Shared *Plan   `json:"influxdb,omitempty"`
	Sites  []*Plan `json:"sites"`
	// Brokers are those of the cluster, with what they have after the plan.
	Brokers []Load `json:"brokers"`
}

// The bounds of what goes on at once: logins that try a password, and sites that are made.
const (
	planAtOnce  = 16
	applyAtOnce = 256
)

// errorsShown is how many are told. There is one for each site if Kafka refuses them all.
const errorsShown = 20

// PlanFleet changes nothing. It tells of all sites that cannot be made, not only of the first.
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
	_ = group.Wait() // its functions give no errors
	return f, several(errs, errorsShown)
}

// several are all errors as one, of which the first are told.
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
	return errors.Join(append(errs[:shown:shown], fmt.Errorf("and %d error(s) more", more))...)
}

// Apply makes many sites at once, each in the order of its plan. It tells of one at a time, when it is whole or cannot be. After an error
// it begins no other, and returns when those that were begun have ended.
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

// plans are those of the fleet, and what they have in common.
func (f *Fleet) plans() []*Plan {
	if f.Shared == nil {
		return f.Sites
	}
	return append([]*Plan{f.Shared}, f.Sites...)
}

// Changes is how many steps there are to apply.
func (f *Fleet) Changes() int {
	count := 0
	for _, p := range f.plans() {
		count += p.Changes()
	}
	return count
}

// Made is how many of them were applied.
func (f *Fleet) Made() int {
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

// Doubts says that something is otherwise than wanted, and will stay so.
func (f *Fleet) Doubts() bool {
	for _, p := range f.plans() {
		if p.Doubts() {
			return true
		}
	}
	return f.tooMany() != ""
}

// Write prints the plan as a diff, and what the brokers have after it. What is so already is only counted, unless it is to be shown.
func (f *Fleet) Write(out io.Writer, so bool) error {
	count := 0
	for _, p := range f.plans() {
		for _, s := range p.Steps {
			if s.Mark == So && !so {
				count++
				continue
			}
			if err := s.Write(out); err != nil {
				return err
			}
		}
	}
	if count > 0 {
		if _, err := fmt.Fprintf(out, "%s %d thing(s) are so already; --verbose shows them\n", So, count); err != nil {
			return err
		}
	}
	return f.writeLoads(out)
}
