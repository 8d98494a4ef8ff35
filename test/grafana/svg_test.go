//go:build real

package grafana

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"time"
)

// Sizes in pixels of a cell of the grid, the space between panels, and a letter.
const (
	cellWidth, cellHeight = 44, 30
	gap                   = 4
	letter                = 6.7
)

var palette = []string{"#3871dc", "#e0752d", "#37872d", "#a352cc", "#c4162a", "#0e8a8a", "#b8860b", "#5f6b7a", "#d44a88", "#6b8e23"}

// colors are the colors with these names in Grafana.
var colors = map[string]string{"green": "#56a64b", "orange": "#ff9830", "red": "#e02f44"}

// svg is a picture that is being drawn.
type svg struct {
	body   bytes.Buffer
	height int
}

// box is the area of a drawing.
type box struct{ x, y, w, h float64 }

func (s *svg) bytes(title string) []byte {
	var all bytes.Buffer
	width := 24 * cellWidth
	fmt.Fprintf(&all, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" font-family="sans-serif" font-size="11">`, width, s.height)
	fmt.Fprintf(&all, "\n<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#f4f5f5\"/>\n", html.EscapeString(title))
	all.Write(s.body.Bytes())
	all.WriteString("</svg>\n")
	return all.Bytes()
}

func (s *svg) text(x, y float64, color, anchor, text string) {
	fmt.Fprintf(&s.body, `<text x="%.0f" y="%.0f" fill="%s" text-anchor="%s">%s</text>`+"\n", x, y, color, anchor, html.EscapeString(text))
}

func (s *svg) rect(b box, color string) {
	fmt.Fprintf(&s.body, `<rect x="%.0f" y="%.0f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", b.x, b.y, b.w, b.h, color)
}

// panel draws the frame, the title, and the content of a panel.
func (s *svg) panel(p panel, got result) {
	grid := p.GridPos
	s.height = max(s.height, (grid.Y+grid.H)*cellHeight)
	frame := box{float64(grid.X*cellWidth + gap), float64(grid.Y*cellHeight + gap), float64(grid.W*cellWidth - 2*gap), float64(grid.H*cellHeight - 2*gap)}
	s.rect(frame, "#ffffff")
	s.text(frame.x+8, frame.y+16, "#111", "start", p.Title)
	inner := box{frame.x + 8, frame.y + 26, frame.w - 16, frame.h - 32}
	slices.SortStableFunc(got.lines, func(a, b line) int { return cmp.Compare(a.title(p), b.title(p)) })
	switch p.Type {
	case "timeseries":
		s.timeseries(inner, p, got.lines)
	case "stat":
		s.stat(inner, p, got.lines)
	case "state-timeline":
		s.states(inner, p, got.lines)
	case "table":
		s.table(inner, p, got.tables[0])
	case "geomap":
		s.positions(inner, p, got.tables[0])
	}
}

// title returns the name of the line, or its name in the panel.
func (l line) title(p panel) string {
	title := cmp.Or(l.name, p.FieldConfig.Defaults.DisplayName)
	for name, value := range l.labels {
		title = strings.ReplaceAll(title, "${__field.labels."+name+"}", value)
	}
	return title
}

// across returns the horizontal position of a time.
func (b box) across(at time.Time) float64 {
	return b.x + b.w*float64(at.Sub(begin))/float64(end.Sub(begin))
}

func (s *svg) timeseries(b box, p panel, lines []line) {
	plot := box{b.x + 56, b.y + 4, b.w - 62, b.h - 36}
	unit := p.FieldConfig.Defaults.Unit
	switch p.FieldConfig.Defaults.Custom.Stacking.Mode {
	case "percent":
		s.axes(plot, 0, 1, "percentunit")
		s.bars(plot, p, lines, func(at time.Time) float64 { return total(lines, at) })
	case "normal":
		highest := highestTotal(lines)
		s.axes(plot, 0, highest, unit)
		s.bars(plot, p, lines, func(time.Time) float64 { return highest })
	default:
		low, high := limits(lines)
		s.axes(plot, low, high, unit)
		for i, line := range lines {
			s.line(plot, line, low, high, palette[i%len(palette)])
		}
	}
	s.legend(box{b.x, b.y + b.h - 4, b.w, 0}, p, lines)
}

func total(lines []line, at time.Time) float64 {
	sum := 0.0
	for _, line := range lines {
		for _, point := range line.points {
			if point.at.Equal(at) {
				sum += point.value
			}
		}
	}
	return sum
}

func highestTotal(lines []line) float64 {
	highest := 0.0
	for _, line := range lines {
		for _, point := range line.points {
			highest = max(highest, total(lines, point.at))
		}
	}
	return highest
}

func limits(lines []line) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, line := range lines {
		for _, point := range line.points {
			low, high = min(low, point.value), max(high, point.value)
		}
	}
	if low == high {
		return low - low/10, high + max(1, high/10)
	}
	return low, high
}

func (s *svg) axes(plot box, low, high float64, unit string) {
	for i := range 4 {
		share := float64(i) / 3
		y := plot.y + plot.h*(1-share)
		s.rect(box{plot.x, y, plot.w, 0.5}, "#ccd")
		s.text(plot.x-4, y+4, "#555", "end", shown(unit, low+(high-low)*share))
	}
	for at := begin; at.Before(end); at = at.Add(time.Hour) {
		s.text(plot.across(at), plot.y+plot.h+13, "#555", "start", at.Format("15:04"))
	}
}

// line leaves gaps where Grafana does.
func (s *svg) line(plot box, l line, low, high float64, color string) {
	var path strings.Builder
	for i, point := range l.points {
		command := "L"
		if i == 0 || point.at.Sub(l.points[i-1].at) > 2*pictureWidth {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%.0f %.0f", command, plot.across(point.at), plot.y+plot.h*(1-(point.value-low)/(high-low)))
	}
	fmt.Fprintf(&s.body, `<path d="%s" fill="none" stroke="%s" stroke-width="1.3"/>`+"\n", path.String(), color)
}

// bars stacks the values of the lines; full returns the value that fills the plot.
func (s *svg) bars(plot box, p panel, lines []line, full func(at time.Time) float64) {
	below := map[time.Time]float64{}
	width := plot.w * float64(pictureWidth) / float64(end.Sub(begin))
	for i, line := range lines {
		for _, point := range line.points {
			if point.value == 0 {
				continue
			}
			share := point.value / full(point.at)
			below[point.at] += share
			s.rect(box{plot.across(point.at), plot.y + plot.h*(1-below[point.at]), width, plot.h * share}, p.lineColor(line, i))
		}
	}
}

// lineColor returns the color that the panel sets for a line, or the next one of the palette.
func (p panel) lineColor(l line, i int) string {
	for _, override := range p.FieldConfig.Overrides {
		if fixed, has := override.property("color").(map[string]any); has && override.Matcher.Options == l.title(p) {
			return colors[fixed["fixedColor"].(string)]
		}
	}
	return palette[i%len(palette)]
}

func (s *svg) legend(b box, p panel, lines []line) {
	x := b.x
	for i, line := range lines {
		title := line.title(p)
		width := 16 + letter*float64(len(title))
		if x+width > b.x+b.w-20 {
			s.text(x, b.y, "#555", "start", fmt.Sprintf("+%d", len(lines)-i))
			return
		}
		s.rect(box{x, b.y - 7, 9, 4}, p.lineColor(line, i))
		s.text(x+12, b.y, "#333", "start", title)
		x += width
	}
}
