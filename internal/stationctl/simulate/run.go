package simulate

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// connectAtOnce is how many sites begin at once: a thousand stations do not boot in the same second either.
	connectAtOnce = 64
	// drainTime is how long readings are waited for in the end.
	drainTime = 30 * time.Second
)

// run is what Run knows.
type run struct {
	options   Options
	journal   *journal
	sites     []*simulated
	connected atomic.Int64
	// allConnected is closed when they are.
	allConnected chan struct{}
	left         atomic.Int64
	began        time.Time
	most         usage // at any time
}

// Run lets the stations work until the context or what the options say ends it, and what waits is acknowledged or was waited for in vain.
// It tells of its progress every second. The topics must be there.
func Run(ctx context.Context, o Options, tell func(Progress)) (Summary, error) {
	r := &run{options: o, journal: &journal{}, began: time.Now(), allConnected: make(chan struct{})}
	r.left.Store(math.MaxInt64)
	if o.Records > 0 {
		r.left.Store(o.Records)
	}
	s := Summary{Stations: o.Stations, Sites: o.Sites, base: currentUsage()}
	if err := r.makeSites(); err != nil {
		return s, err
	}
	stopTelling := r.telling(tell)
	err := r.work(ctx, &s)
	stopTelling()
	r.sum(&s)
	r.close()
	s.Errors = r.journal.list()
	return s, err
}

// work connects, measures and drains.
func (r *run) work(ctx context.Context, s *Summary) error {
	if err := r.connect(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	close(r.allConnected)
	s.ConnectSeconds, s.idle = time.Since(r.began).Seconds(), currentUsage()
	s.first = r.acknowledged()
	measured := time.Now()
	r.readings(ctx)
	s.WriteSeconds = time.Since(measured).Seconds()
	r.drain(ctx)
	s.Seconds, s.end = time.Since(measured).Seconds(), currentUsage()
	return nil
}

// take claims a reading of those that are left.
func (r *run) take() bool { return r.left.Add(-1) >= 0 }

func (r *run) makeSites() error {
	for i := range r.options.Sites {
		s, err := newSimulated(r.options, i, siteLog{r.journal})
		if err != nil {
			return err
		}
		r.sites = append(r.sites, s)
	}
	return nil
}

// connect begins all sites. Brokers that do not answer are a result, no error.
func (r *run) connect(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(connectAtOnce)
	for _, s := range r.sites {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			defer r.connected.Add(1)
			return s.connect(ctx, r.take)
		})
	}
	return group.Wait()
}

// readings returns when no site has any more.
func (r *run) readings(ctx context.Context) {
	if r.options.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.options.Duration)
		defer cancel()
	}
	begin := time.Now()
	var group sync.WaitGroup
	for i, s := range r.sites {
		group.Go(func() { s.run(ctx, spread(begin, s.step(), i, len(r.sites)), r.take) })
	}
	group.Wait()
}

// spread is when site i begins: its first reading comes a step later, and within the first step from begin on each site has one.
func spread(begin time.Time, step time.Duration, i, sites int) time.Time {
	return begin.Add(step*time.Duration(i)/time.Duration(sites) - step)
}

// drain waits for what is under way, a while also after Ctrl-C.
func (r *run) drain(ctx context.Context) {
	until := time.Now().Add(drainTime)
	var group sync.WaitGroup
	for _, s := range r.sites {
		group.Go(func() { s.drain(context.WithoutCancel(ctx), until) })
	}
	group.Wait()
}

// close ends all sites at once: each takes some seconds if Kafka is away.
func (r *run) close() {
	var group sync.WaitGroup
	for _, s := range r.sites {
		group.Go(s.output.Close)
	}
	group.Wait()
}

func (r *run) acknowledged() (count int64) {
	for _, s := range r.sites {
		count += s.count("records_written")
	}
	return count
}
