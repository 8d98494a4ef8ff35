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

// dashboard is what of a dashboard's JSON makes its queries, and its picture.
type dashboard struct {
	UID, Title string
	Panels     []panel
	Templating struct{ List []variable }
}

type panel struct {
	Type, Title string
	Targets     []target
	Interval    string // the least width of a point
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

// override is how a panel shows one of its fields.
type override struct {
	Matcher    struct{ ID, Options string }
	Properties []struct {
		ID    string
		Value any
	}
}

// target is a query, of a panel or of an alert rule.
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

// interval is the width of a point of this panel when the picker's time would make it so wide.
func (p panel) interval(t *testing.T, width time.Duration) time.Duration {
	t.Helper()
	if p.Interval == "" {
		return width
	}
	least, err := time.ParseDuration(p.Interval)
	require.NoError(t, err, p.Title)
	return max(width, least)
}
