package simulate

// Summary is what it came to. CPU and rates are of the time after all sites had connected.
type Summary struct {
	Stations int `json:"stations"`
	Sites    int `json:"sites"`
	// ConnectSeconds is how long it took until each site's first reading was acknowledged, WriteSeconds how long readings were made, and
	// Seconds how long until all of these were acknowledged.
	ConnectSeconds float64 `json:"connect_seconds"`
	WriteSeconds   float64 `json:"write_seconds"`
	Seconds        float64 `json:"seconds"`
	Written        int64   `json:"written"`
	Acknowledged   int64   `json:"acknowledged"`
	Waiting        int64   `json:"waiting"`
	Rejected       int64   `json:"rejected"`
	SentAgain      int64   `json:"sent_again"`
	PerSecond      float64 `json:"records_per_second"`
	CPUSeconds     float64 `json:"cpu_seconds"`
	CPUPer100k     float64 `json:"cpu_seconds_per_100000"`
	// ConnectCPU is what the sites' start took.
	ConnectCPU float64 `json:"connect_cpu_seconds"`
	PeakMemory int64   `json:"peak_memory_bytes"`
	// MemoryOfSite is what a connected site added to this process.
	MemoryOfSite int64     `json:"memory_per_site_bytes"`
	Goroutines   int       `json:"goroutines"`
	Connections  int       `json:"connections"`
	Errors       []Trouble `json:"errors"`

	base, idle, end usage
	first           int64 // acknowledged before it was measured
}

// Well says that all was acknowledged, and nothing went wrong.
func (s Summary) Well() bool {
	return s.Waiting == 0 && s.Rejected == 0 && len(s.Errors) == 0 && s.Acknowledged > 0
}

// sum is done while the sites are still there.
func (r *run) sum(s *Summary) {
	for _, one := range r.sites {
		s.Written += one.written.Load()
		s.Waiting += one.waiting()
		s.Rejected += one.count("records_rejected")
		s.SentAgain += one.count("records_sent_again")
	}
	s.Acknowledged = r.acknowledged()
	s.PeakMemory, s.Goroutines, s.Connections = currentUsage().peak, r.most.goroutines, r.most.connections
	if s.Seconds == 0 {
		return // it was ended before
	}
	s.ConnectCPU = (s.idle.cpu - s.base.cpu).Seconds()
	s.CPUSeconds = (s.end.cpu - s.idle.cpu).Seconds()
	s.MemoryOfSite = max(0, (s.idle.memory-s.base.memory)/int64(s.Sites))
	if measured := s.Acknowledged - s.first; measured > 0 {
		s.PerSecond = float64(measured) / s.Seconds
		s.CPUPer100k = s.CPUSeconds / float64(measured) * 100_000
	}
}
