// Package output drives a Telegraf output the way Telegraf's agent does: metrics go through models.RunningOutput, which is also flushed at
// an interval.
package output

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/models"
)

// The values of Telegraf's agent for its own buffer.
const (
	batchSize   = 1000
	bufferLimit = 10_000
)

// Output is an output that runs.
type Output struct {
	running *models.RunningOutput
	adding  sync.Mutex // the agent adds metrics from one goroutine
	stop    chan struct{}
	done    chan struct{}
	closed  sync.Once
}

// Start initializes and connects an output and flushes it at an interval. prepare can replace the logger and the statistics that
// Telegraf sets; it can be nil.
func Start(name string, plugin telegraf.Output, flushInterval time.Duration, prepare func()) (*Output, error) {
	running, err := models.NewRunningOutput(plugin, &models.OutputConfig{Name: name}, batchSize, bufferLimit)
	if err != nil {
		return nil, err
	}
	if prepare != nil {
		prepare()
	}
	if err := running.Init(); err != nil {
		return nil, err
	}
	if err := running.Connect(); err != nil {
		return nil, err
	}
	o := &Output{running: running, stop: make(chan struct{}), done: make(chan struct{})}
	go o.flush(flushInterval)
	return o, nil
}

func (o *Output) flush(interval time.Duration) {
	defer close(o.done)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := o.running.Write(); err != nil {
				o.running.Log().Errorf("Flush: %v", err)
			}
		case <-o.stop:
			return
		}
	}
}

// Add adds metrics as the agent does.
func (o *Output) Add(metrics ...telegraf.Metric) {
	o.adding.Lock()
	defer o.adding.Unlock()
	for _, m := range metrics {
		o.running.AddMetricNoCopy(m)
	}
}

// Send adds metrics that are tracked, like those of an input that waits for their delivery. The channel gets the outcome when the output has
// accepted or rejected all of them.
func (o *Output) Send(metrics ...telegraf.Metric) <-chan error {
	outcome := make(chan error, 1)
	tracked, _ := metric.WithGroupTracking(metrics, func(info telegraf.DeliveryInfo) {
		if info.Delivered() {
			outcome <- nil
		} else {
			outcome <- errors.New("the output rejected a metric")
		}
	})
	o.Add(tracked...)
	return outcome
}

// Deliver adds metrics and waits until the output has accepted all of them.
func (o *Output) Deliver(timeout time.Duration, metrics ...telegraf.Metric) error {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case err := <-o.Send(metrics...):
		return err
	case <-timer.C:
		return fmt.Errorf("the output did not accept the metrics within %s", timeout)
	}
}

// Close flushes the output a last time and closes it, as the agent does when it stops.
func (o *Output) Close() {
	o.closed.Do(func() {
		close(o.stop)
		<-o.done
		if err := o.running.Write(); err != nil {
			o.running.Log().Errorf("Flush: %v", err)
		}
		o.running.Close()
	})
}
