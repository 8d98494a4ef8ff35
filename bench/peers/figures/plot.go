package figures

// The colors of ours, the peers, and the limits.
const (
	oursColor, peerColor, limitColor = "#1f77b4", "#b0b0b0", "#dcc48e"
)

type panel struct {
	title       string
	speed       int
	figure      func(Phase) float64
	unit        float64
	decimals    int
	logarithmic bool
}

func panels() []panel {
	return []panel{
		{"records/s, full speed", Full, Phase.rate, 1, 0, false},
		{"CPU s per 100,000", Full, Phase.cpuPer100k, 1, 1, false},
		{"peak memory, MB", Full, Phase.memory, 1e-6, 0, false},
		{"p99 at full speed, ms (log)", Full, Phase.p99, 1000, 0, true},
		{"p50 at 1 line/s, ms (log)", 1, Phase.p50, 1000, 1, true},
	}
}

// Plot returns the report as an SVG: a row of panels for each side, with a bar for each contender.
func (r Report) Plot(ours func(name string) bool) string {
	var charts []Chart
	for _, side := range []struct {
		title      string
		contenders []Contender
	}{{"Station: newline to readable in Kafka", r.Stations}, {"Central: record to queryable in InfluxDB", r.Central}} {
		if len(side.contenders) > 0 {
			charts = append(charts, chart(side.title, side.contenders, ours))
		}
	}
	return Draw(charts)
}

func chart(title string, contenders []Contender, ours func(string) bool) Chart {
	c := Chart{Title: title}
	for _, one := range contenders {
		name := one.Name
		if one.lost() > 0 {
			name += " (lossy)"
		}
		c.Bars = append(c.Bars, Bar{name, color(one, ours)})
	}
	for _, p := range panels() {
		drawn := Panel{Title: p.title, Unit: p.unit, Decimals: p.decimals, Logarithmic: p.logarithmic}
		for _, one := range contenders {
			drawn.Values = append(drawn.Values, one.spread(p.speed, p.figure))
		}
		c.Panels = append(c.Panels, drawn)
	}
	return c
}

func color(c Contender, ours func(string) bool) string {
	switch {
	case c.Limit:
		return limitColor
	case ours(c.Name):
		return oursColor
	default:
		return peerColor
	}
}
