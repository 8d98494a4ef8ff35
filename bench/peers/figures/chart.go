package figures

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Sizes in the plot, in pixels.
const (
	nameWidth, panelWidth, valueWidth = 220, 130, 70
	barHeight, rowHeight, headHeight  = 14, 20, 46
)

// Chart is a row of panels with the same bars.
type Chart struct {
	Title  string
	Bars   []Bar
	Panels []Panel
}

// Bar is a row of all panels.
type Bar struct{ Name, Color string }

// Panel shows one figure.
type Panel struct {
	Title       string
	Values      []Spread // one for each bar; zero: not measured, or less than a tick
	Unit        float64  // factor for the label of a value
	Decimals    int
	Logarithmic bool
}

// Draw returns the charts as an SVG. Each panel has a bar for each value, with a line from the minimum to the maximum of all rounds.
func Draw(charts []Chart) string {
	var body strings.Builder
	y, panels := 8, 0
	for _, c := range charts {
		c.draw(&body, y)
		y += headHeight + len(c.Bars)*rowHeight + 16
		panels = max(panels, len(c.Panels))
	}
	width := nameWidth + panels*(panelWidth+valueWidth)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="11">
<rect width="100%%" height="100%%" fill="white"/>
%[3]s</svg>
`, width, y, body.String())
}

func (c Chart) draw(body *strings.Builder, y int) {
	label(body, 8, y+14, "bold", c.Title)
	for i, b := range c.Bars {
		label(body, 8, y+headHeight+i*rowHeight+11, "normal", b.Name)
	}
	for i, p := range c.Panels {
		p.draw(body, nameWidth+i*(panelWidth+valueWidth), y, c.Bars)
	}
}

func label(body *strings.Builder, x, y int, weight, text string) {
	fmt.Fprintf(body, "<text x=\"%d\" y=\"%d\" font-weight=\"%s\">%s</text>\n", x, y, weight, html.EscapeString(text))
}

func (p Panel) draw(body *strings.Builder, x, y int, bars []Bar) {
	label(body, x, y+34, "normal", p.Title)
	least, most := math.Inf(1), 0.0
	for _, s := range p.Values {
		if s.Min > 0 {
			least, most = min(least, s.Min), max(most, s.Max)
		}
	}
	for i, s := range p.Values {
		top := y + headHeight + i*rowHeight
		if s.Min <= 0 {
			label(body, x, top+11, "normal", none)
			continue
		}
		from, to := p.length(s.Min, least, most), p.length(s.Max, least, most)
		fmt.Fprintf(body, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
			x, top, p.length(s.Median, least, most), barHeight, bars[i].Color)
		fmt.Fprintf(body, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"2\"/>\n", float64(x)+from, top+barHeight/2-1, to-from)
		label(body, x+int(to)+4, top+11, "normal", Count(s.Median*p.Unit, p.Decimals))
	}
}

// length returns the length of a bar, at least a pixel. A logarithmic bar starts at half of the minimum.
func (p Panel) length(value, least, most float64) float64 {
	if !p.Logarithmic {
		return max(1, value/most*panelWidth)
	}
	return max(1, math.Log(value/least*2)/math.Log(most/least*2)*panelWidth)
}
