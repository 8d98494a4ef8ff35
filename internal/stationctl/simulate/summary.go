package simulate

// Summary is the result. CPU times and rates exclude the time before all sites were connected.
type Summary struct {
	Stations int `json:"stations"`
	Sites    int `json:"sites"`
	// ConnectSeconds is the time until the first reading of each site was acknowledged, WriteSeconds the time during which readings were
	// written, and Seconds the time until all of these were acknowledged.
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
	// ConnectCPU is the CPU time for starting the sites.
	ConnectCPU float64 `json:"connect_cpu_seconds"`
	PeakMemory int64   `json:"peak_memory_bytes"`
	// MemoryPerSite is the memory that a connected site adds to this process.
	MemoryPerSite int64     `json:"memory_per_site_bytes"`
	Goroutines    int       `json:"goroutines"`
	Connections   int       `json:"connections"`
	Errors        []Problem `json:"errors"`

	base, idle, end usage
	first           int64 // acknowledged before the measurement
}

// OK reports whether everything was acknowledged without problems.
func (s Summary) OK() bool {
	return s.Waiting == 0 && s.Rejected == 0 && len(s.Errors) == 0 && s.Acknowledged > 0
}

// sum must be called before the sites are closed.
func (r *run) sum(s *Summary) {
	for _, one := range r.sites {
		s.Written += one.written.Load()
		s.Waiting += one.pending()
		s.Rejected += one.count("records_rejected")
		s.SentAgain += one.count("records_sent_again")
	}
	s.Acknowledged = r.acknowledged()
	s.PeakMemory, s.Goroutines, s.Connections = currentUsage().peak, r.maximum.goroutines, r.maximum.connections
	if s.Seconds == 0 {
		return // it was interrupted before the measurement
	}
	s.ConnectCPU = (s.idle.cpu - s.base.cpu).Seconds()
	s.CPUSeconds = (s.end.cpu - s.idle.cpu).Seconds()
	s.MemoryPerSite = max(0, (s.idle.memory-s.base.memory)/int64(s.Sites))
	if measured := s.Acknowledged - s.first; measured > 0 {
		s.PerSecond = float64(measured) / s.Seconds
		s.CPUPer100k = s.CPUSeconds / float64(measured) * 100_000
	}
}
