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
	// maxConnecting limits the sites that connect at the same time: real stations do not all start in the same second either.
	maxConnecting = 64
	// drainTime limits the wait for pending records at the end.
	drainTime = 30 * time.Second
)

// run is the state of Run.
type run struct {
	options   Options
	journal   *journal
	sites     []*simulated
	connected atomic.Int64
	// allConnected is closed once all sites are connected.
	allConnected chan struct{}
	left         atomic.Int64
	started      time.Time
	maximum      usage
}

// Run simulates the stations until ctx is canceled or a limit of the options is reached, and then waits for pending records. It reports its
// progress every second. The topics must exist.
func Run(ctx context.Context, o Options, report func(Progress)) (Summary, error) {
	r := &run{options: o, journal: &journal{}, started: time.Now(), allConnected: make(chan struct{})}
	r.left.Store(math.MaxInt64)
	if o.Records > 0 {
		r.left.Store(o.Records)
	}
	s := Summary{Stations: o.Stations, Sites: o.Sites, base: currentUsage()}
	if err := r.createSites(); err != nil {
		return s, err
	}
	stopReporting := r.reportProgress(report)
	err := r.work(ctx, &s)
	stopReporting()
	r.sum(&s)
	r.close()
	s.Errors = r.journal.list()
	return s, err
}

// work connects, writes, and drains.
func (r *run) work(ctx context.Context, s *Summary) error {
	if err := r.connect(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	close(r.allConnected)
	s.ConnectSeconds, s.idle = time.Since(r.started).Seconds(), currentUsage()
	s.first = r.acknowledged()
	measured := time.Now()
	r.readings(ctx)
	s.WriteSeconds = time.Since(measured).Seconds()
	r.drain(ctx)
	s.Seconds, s.end = time.Since(measured).Seconds(), currentUsage()
	return nil
}

// claim reports whether another reading can be written.
func (r *run) claim() bool { return r.left.Add(-1) >= 0 }

func (r *run) createSites() error {
	for i := range r.options.Sites {
		s, err := newSimulated(r.options, i, siteLog{r.journal})
		if err != nil {
			return err
		}
		r.sites = append(r.sites, s)
	}
	return nil
}

// connect starts all sites. Unreachable brokers are a result, not an error.
func (r *run) connect(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(maxConnecting)
	for _, s := range r.sites {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			defer r.connected.Add(1)
			return s.connect(ctx, r.claim)
		})
	}
	return group.Wait()
}

// readings writes readings until all sites are done.
func (r *run) readings(ctx context.Context) {
	if r.options.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.options.Duration)
		defer cancel()
	}
	start := time.Now()
	var group sync.WaitGroup
	for i, s := range r.sites {
		group.Go(func() { s.run(ctx, spread(start, s.step(), i, len(r.sites)), r.claim) })
	}
	group.Wait()
}

// spread returns the start of site i, which writes its first reading one step later, so that the first readings of all sites are spread
// evenly over the first step.
func spread(start time.Time, step time.Duration, i, sites int) time.Time {
	return start.Add(step*time.Duration(i)/time.Duration(sites) - step)
}

// drain waits for pending records, also after Ctrl-C.
func (r *run) drain(ctx context.Context) {
	until := time.Now().Add(drainTime)
	var group sync.WaitGroup
	for _, s := range r.sites {
		group.Go(func() { s.drain(context.WithoutCancel(ctx), until) })
	}
	group.Wait()
}

// close stops all sites concurrently: each needs some seconds if Kafka is unreachable.
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
