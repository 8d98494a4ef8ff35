package simulate

import "time"

// Progress is the current state.
type Progress struct {
	Elapsed               time.Duration
	Connected, Sites      int // connected: the first reading is acknowledged, or took too long
	Written, Acknowledged int64
	Waiting               int64
	PerSecond             float64 // acknowledged since the previous report
	Memory                int64   // bytes, resident
	Goroutines            int
	Connections           int
}

// progressInterval is how often progress is reported.
const progressInterval = time.Second

// reportProgress calls report every second, and as soon as all sites are connected, until stop is called.
func (r *run) reportProgress(report func(Progress)) (stop func()) {
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(progressInterval)
		defer ticker.Stop()
		for last, connected := (Progress{}), r.allConnected; ; {
			select {
			case <-stopping:
				r.sampleUsage()
				return
			case <-connected:
				connected = nil
			case <-ticker.C:
			}
			last = r.progress(last)
			report(last)
		}
	}()
	return func() {
		close(stopping)
		<-stopped
	}
}

func (r *run) progress(last Progress) Progress {
	u := r.sampleUsage()
	p := Progress{
		Elapsed: time.Since(r.started), Connected: int(r.connected.Load()), Sites: len(r.sites),
		Memory: u.memory, Goroutines: u.goroutines, Connections: u.connections,
	}
	for _, s := range r.sites {
		p.Written += s.written.Load()
		p.Waiting += s.pending()
	}
	p.Acknowledged = r.acknowledged()
	p.PerSecond = float64(p.Acknowledged-last.Acknowledged) / (p.Elapsed - last.Elapsed).Seconds()
	return p
}

// sampleUsage also updates the maximum.
func (r *run) sampleUsage() usage {
	u := currentUsage()
	r.maximum.goroutines, r.maximum.connections = max(r.maximum.goroutines, u.goroutines), max(r.maximum.connections, u.connections)
	return u
}
