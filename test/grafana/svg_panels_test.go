//go:build real

package grafana

import (
	"fmt"
	"slices"
	"time"
)

func (s *svg) stat(b box, p panel, lines []line) {
	step := b.h / float64(len(lines))
	for i, line := range lines {
		y := b.y + step*(float64(i)+0.6)
		s.text(b.x, y, "#333", "start", line.title(p))
		s.text(b.x+b.w, y, "#3871dc", "end", shown(p.FieldConfig.Defaults.Unit, line.points[len(line.points)-1].value))
	}
}

func (s *svg) states(b box, p panel, lines []line) {
	plot := box{b.x + 110, b.y, b.w - 114, b.h - 30}
	step := plot.h / float64(len(lines))
	for i, line := range lines {
		y := plot.y + step*float64(i)
		s.text(plot.x-6, y+step/2+4, "#333", "end", line.title(p))
		for from := 0; from < len(line.points); {
			next := from + 1
			for next < len(line.points) && line.points[next].value == line.points[from].value {
				next++
			}
			until := line.points[next-1].at.Add(pictureWidth)
			x := plot.across(line.points[from].at)
			s.rect(box{x, y + step*0.1, plot.across(until) - x, step * 0.8}, p.color(line.points[from].value))
			from = next
		}
	}
	for at := begin; at.Before(end); at = at.Add(time.Hour) {
		s.text(plot.across(at), plot.y+plot.h+13, "#555", "start", at.Format("15:04"))
	}
	x := b.x
	for _, status := range []float64{0, 1, 2} {
		s.rect(box{x, b.y + b.h - 12, 9, 9}, p.color(status))
		s.text(x+13, b.y+b.h-4, "#333", "start", p.FieldConfig.Defaults.Mappings[0].Options[fmt.Sprint(status)].Text)
		x += 140
	}
}

// color returns the color of a status.
func (p panel) color(status float64) string {
	return colors[p.FieldConfig.Defaults.Mappings[0].Options[fmt.Sprint(status)].Color]
}

func (s *svg) table(b box, p panel, t table) {
	width := b.w / float64(len(p.FieldConfig.Overrides))
	for i, override := range p.FieldConfig.Overrides {
		x := b.x + width*float64(i)
		title, _ := override.property("displayName").(string)
		unit, _ := override.property("unit").(string)
		s.text(x, b.y+10, "#3871dc", "start", title)
		column := slices.Index(t.columns, override.Matcher.Options)
		for j, row := range t.rows {
			s.text(x, b.y+30+19*float64(j), override.color(row[column]), "start", cell(unit, row[column]))
		}
	}
}

func (o override) property(id string) any {
	for _, property := range o.Properties {
		if property.ID == id {
			return property.Value
		}
	}
	return nil
}

// color returns red for values from the threshold of the column.
func (o override) color(value any) string {
	number, isNumber := value.(float64)
	if thresholds, has := o.property("thresholds").(map[string]any); has && isNumber {
		steps := thresholds["steps"].([]any)
		if number >= steps[1].(map[string]any)["value"].(float64) {
			return colors["red"]
		}
	}
	return "#111"
}

func cell(unit string, value any) string {
	switch value := value.(type) {
	case float64:
		return shown(unit, value)
	case nil:
		return ""
	}
	return fmt.Sprint(value)
}

// positions draws the stations at their positions, scaled to fill the box.
func (s *svg) positions(b box, p panel, t table) {
	number := func(row []any, column string) float64 { return row[slices.Index(t.columns, column)].(float64) }
	plot := box{b.x + 30, b.y + 20, b.w - 140, b.h - 50}
	var all [2]line
	for _, row := range t.rows {
		all[0].points = append(all[0].points, point{value: number(row, "longitude")})
		all[1].points = append(all[1].points, point{value: number(row, "latitude")})
	}
	west, east := limits(all[:1])
	south, north := limits(all[1:])
	for _, row := range t.rows {
		longitude, latitude := number(row, "longitude"), number(row, "latitude")
		x := plot.x + plot.w*(longitude-west)/(east-west)
		y := plot.y + plot.h*(1-(latitude-south)/(north-south))
		fmt.Fprintf(&s.body, `<circle cx="%.0f" cy="%.0f" r="6" fill="%s"/>`+"\n", x, y, p.color(number(row, "status")))
		s.text(x+10, y+4, "#333", "start", row[slices.Index(t.columns, "id")].(string))
	}
	s.text(b.x, b.y+b.h-4, "#555", "start", fmt.Sprintf("%.4f to %.4f north, %.4f to %.4f east", south, north, west, east))
}
