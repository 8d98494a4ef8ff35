//go:build real

package grafana

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dashboard is the part of the JSON of a dashboard that its queries and its picture need.
type dashboard struct {
	UID, Title string
	Panels     []panel
	Templating struct{ List []variable }
}

type panel struct {
	Type, Title string
	Targets     []target
	Interval    string // the shortest time between two points
	GridPos     struct{ X, Y, W, H int }
	FieldConfig struct {
		Defaults struct {
			Unit, DisplayName string
			Mappings          []struct {
				Options map[string]struct{ Text, Color string }
			}
			Custom struct {
				Stacking struct{ Mode string }
			}
		}
		Overrides []override
	}
}

// override is the appearance of a field in a panel.
type override struct {
	Matcher    struct{ ID, Options string }
	Properties []struct {
		ID    string
		Value any
	}
}

// target is a query of a panel or an alert rule.
type target struct {
	RefID        string `yaml:"refId"`
	Datasource   struct{ Type, UID string }
	Query        string
	Alias        string
	ResultFormat string `yaml:"resultFormat"`
}

func dashboards(t *testing.T) []dashboard {
	t.Helper()
	paths, err := filepath.Glob("../../conf/grafana/dashboards/*.json")
	require.NoError(t, err)
	var all []dashboard
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		var one dashboard
		require.NoError(t, json.Unmarshal(content, &one), path)
		all = append(all, one)
	}
	require.Len(t, all, 4)
	return all
}

// interval returns the time between two points of the panel if the time range allows width.
func (p panel) interval(t *testing.T, width time.Duration) time.Duration {
	t.Helper()
	if p.Interval == "" {
		return width
	}
	least, err := time.ParseDuration(p.Interval)
	require.NoError(t, err, p.Title)
	return max(width, least)
}
