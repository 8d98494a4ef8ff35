package simulate

import "time"

// Progress is how it is now.
type Progress struct {
	Elapsed               time.Duration
	Connected, Sites      int // connected are those whose first reading is acknowledged, or was waited for in vain
	Written, Acknowledged int64
	Waiting               int64
	PerSecond             float64 // acknowledged since the last one
	Memory                int64   // bytes, resident
	Goroutines            int
	Connections           int
}

// tellEvery is how often progress is told.
const tellEvery = time.Second

// telling calls tell again and again, and when all sites are connected, until the function is called that it returns.
func (r *run) telling(tell func(Progress)) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(tellEvery)
		defer ticker.Stop()
		for last, connected := (Progress{}), r.allConnected; ; {
			select {
			case <-end:
				r.look()
				return
			case <-connected:
				connected = nil
			case <-ticker.C:
			}
			last = r.progress(last)
			tell(last)
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

func (r *run) progress(last Progress) Progress {
	u := r.look()
	p := Progress{
		Elapsed: time.Since(r.began), Connected: int(r.connected.Load()), Sites: len(r.sites),
		Memory: u.memory, Goroutines: u.goroutines, Connections: u.connections,
	}
	for _, s := range r.sites {
		p.Written += s.written.Load()
		p.Waiting += s.waiting()
	}
	p.Acknowledged = r.acknowledged()
	p.PerSecond = float64(p.Acknowledged-last.Acknowledged) / (p.Elapsed - last.Elapsed).Seconds()
	return p
}

// look keeps the most that was seen.
func (r *run) look() usage {
	u := currentUsage()
	r.most.goroutines, r.most.connections = max(r.most.goroutines, u.goroutines), max(r.most.connections, u.connections)
	return u
}
