package figures

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The plot's measures, in pixels.
const (
	nameWidth, panelWidth, valueWidth = 220, 130, 70
	barHeight, rowHeight, headHeight  = 14, 20, 46
)

// The colours of ours, the peers and the limits.
const (
	oursColour, peerColour, limitColour = "#1f77b4", "#b0b0b0", "#dcc48e"
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

// Plot is the report as an SVG: for each side a row of panels, in each a bar for each contender, with a line from
// the least to the most of all rounds.
func (r Report) Plot(ours func(name string) bool) string {
	var body strings.Builder
	y := 8
	for _, side := range []struct {
		title      string
		contenders []Contender
	}{{"Station: newline to readable in Kafka", r.Stations}, {"Centre: record to queryable in InfluxDB", r.Centre}} {
		if len(side.contenders) == 0 {
			continue
		}
		label(&body, 8, y+14, "bold", side.title)
		for i, c := range side.contenders {
			name := c.Name
			if c.lost() > 0 {
				name += " (lossy)"
			}
			label(&body, 8, y+headHeight+i*rowHeight+11, "normal", name)
		}
		for i, p := range panels() {
			p.draw(&body, nameWidth+i*(panelWidth+valueWidth), y, side.contenders, ours)
		}
		y += headHeight + len(side.contenders)*rowHeight + 16
	}
	width := nameWidth + len(panels())*(panelWidth+valueWidth)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="11">
<rect width="100%%" height="100%%" fill="white"/>
%[3]s</svg>
`, width, y, body.String())
}

func label(body *strings.Builder, x, y int, weight, text string) {
	fmt.Fprintf(body, "<text x=\"%d\" y=\"%d\" font-weight=\"%s\">%s</text>\n", x, y, weight, html.EscapeString(text))
}

func (p panel) draw(body *strings.Builder, x, y int, contenders []Contender, ours func(string) bool) {
	label(body, x, y+34, "normal", p.title)
	least, most := math.Inf(1), 0.0
	for _, c := range contenders {
		if s := c.spread(p.speed, p.figure); s.Min > 0 {
			least, most = min(least, s.Min), max(most, s.Max)
		}
	}
	for i, c := range contenders {
		top := y + headHeight + i*rowHeight
		s := c.spread(p.speed, p.figure)
		if s.Min <= 0 { // not measured, or less than a tick
			label(body, x, top+11, "normal", none)
			continue
		}
		from, to := p.length(s.Min, least, most), p.length(s.Max, least, most)
		fmt.Fprintf(body, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
			x, top, p.length(s.Median, least, most), barHeight, colour(c, ours))
		fmt.Fprintf(body, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"2\"/>\n", float64(x)+from, top+barHeight/2-1, to-from)
		label(body, x+int(to)+4, top+11, "normal", count(s.Median*p.unit, p.decimals))
	}
}

// length is at least a pixel. A logarithmic bar begins at half of the least value.
func (p panel) length(value, least, most float64) float64 {
	if !p.logarithmic {
		return max(1, value/most*panelWidth)
	}
	return max(1, math.Log(value/least*2)/math.Log(most/least*2)*panelWidth)
}

func colour(c Contender, ours func(string) bool) string {
	switch {
	case c.Limit:
		return limitColour
	case ours(c.Name):
		return oursColour
	default:
		return peerColour
	}
}
