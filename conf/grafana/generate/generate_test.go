package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/alerting"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/telegraf-station/telegraf-station/internal/schema"
)

// TestMain makes the SDK read the panels and our queries.
func TestMain(m *testing.M) {
	plugins.RegisterDefaultPlugins()
	cog.NewRuntime().RegisterDataqueryVariant(influxVariant())
	os.Exit(m.Run())
}

func generated(t *testing.T) map[string][]byte {
	t.Helper()
	sensors, err := loadSensors(schema.Default)
	require.NoError(t, err)
	contents, err := files(sensors)
	require.NoError(t, err)
	return contents
}

// strict reads JSON with the strict mode of the SDK: no unknown key, no wrong type, and no missing required key. The SDK may return an
// error without content on success.
func strict(into interface{ UnmarshalJSONStrict(raw []byte) error }, content []byte) error {
	err := into.UnmarshalJSONStrict(content)
	var found cog.BuildErrors
	if errors.As(err, &found) && len(found) == 0 {
		return nil
	}
	return err
}

func TestFilesAreAsGenerated(t *testing.T) {
	t.Parallel()
	contents := generated(t)
	for name, want := range contents {
		content, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err, "run make dashboards")
		require.Equal(t, string(want), string(content), "run make dashboards: %s", name)
	}
	dashboards, err := filepath.Glob("../dashboards/*")
	require.NoError(t, err)
	require.Len(t, dashboards, len(contents)-1, "a dashboard that is not generated")
}

func TestDashboardsMeetTheSchema(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../dashboards/*.json")
	require.NoError(t, err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		var read dashboard.Dashboard
		require.NoError(t, strict(&read, content), path)
		require.NoError(t, json.Unmarshal(content, &read), path) // strict reading drops the panels
		require.NoError(t, read.Validate(), path)
		requirePanelsAreWhole(t, read)
	}
}

func requirePanelsAreWhole(t *testing.T, read dashboard.Dashboard) {
	t.Helper()
	taken := map[[2]uint32]string{}
	for _, entry := range read.Panels {
		panel := entry.Panel
		name := *read.Title + ": " + *panel.Title
		require.NotEmpty(t, panel.Targets, name)
		if panel.Type != "table" { // its columns have units
			require.NotNil(t, panel.FieldConfig.Defaults.Unit, name)
		}
		requireFreeSpace(t, taken, *panel.GridPos, name)
	}
}

func requireFreeSpace(t *testing.T, taken map[[2]uint32]string, place dashboard.GridPos, name string) {
	t.Helper()
	require.LessOrEqual(t, place.X+place.W, uint32(24), name)
	for x := place.X; x < place.X+place.W; x++ {
		for y := place.Y; y < place.Y+place.H; y++ {
			require.Empty(t, taken[[2]uint32{x, y}], "%s overlaps it", name)
			taken[[2]uint32{x, y}] = name
		}
	}
}

func TestStrictReadingRejectsUnknownKeys(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(map[string]any){
		"unexpected field 'titel'": func(d map[string]any) { d["titel"] = "Station" },
		"unexpected field 'legnd'": func(d map[string]any) { panelOf(d)["options"].(map[string]any)["legnd"] = "x" },
		`unknown field "qery"`:     func(d map[string]any) { panelOf(d)["targets"].([]any)[0].(map[string]any)["qery"] = "SELECT" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var document map[string]any
			require.NoError(t, json.Unmarshal(generated(t)["dashboards/station.json"], &document))
			edit(document)
			content, err := json.Marshal(document)
			require.NoError(t, err)
			require.ErrorContains(t, strict(new(dashboard.Dashboard), content), name)
		})
	}
}

func panelOf(document map[string]any) map[string]any {
	return document["panels"].([]any)[0].(map[string]any)
}

// TestAlertRulesMeetTheSchema adds to each rule of the file the properties of its group.
func TestAlertRulesMeetTheSchema(t *testing.T) {
	t.Parallel()
	var file struct {
		APIVersion int `yaml:"apiVersion"`
		Groups     []struct {
			Folder, Name string
			Rules        []map[string]any
		}
	}
	require.NoError(t, yaml.Unmarshal(generated(t)["provisioning/alerting/station.yaml"], &file))
	require.Equal(t, 1, file.APIVersion)
	require.Len(t, file.Groups, 1)
	uids := map[any]bool{}
	for _, rule := range file.Groups[0].Rules {
		require.False(t, uids[rule["uid"]], rule["uid"])
		uids[rule["uid"]] = true
		rule["folderUID"], rule["ruleGroup"], rule["orgID"] = file.Groups[0].Folder, file.Groups[0].Name, 1
		content, err := json.Marshal(rule)
		require.NoError(t, err)
		var read alerting.Rule
		require.NoError(t, strict(&read, content), rule["uid"])
		require.NoError(t, json.Unmarshal(content, &read), rule["uid"]) // strict reading drops the expressions
		require.NoError(t, read.Validate(), rule["uid"])
	}
	require.Len(t, uids, 9)
}

// TestOwnSensors generates the dashboards of another schema.
func TestOwnSensors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "own.toml")
	require.NoError(t, os.WriteFile(file, []byte(`name = "river"
[[field]]
name = "water_level"
type = "float"
min = 0.0
max = 12.5
error_value = 99.0
unit = "m"
[[field]]
name = "pumps"
type = "int"
`), 0o600))
	require.NoError(t, generate(dir, file))
	station, err := os.ReadFile(filepath.Join(dir, "dashboards/station.json"))
	require.NoError(t, err)
	require.NoError(t, strict(new(dashboard.Dashboard), station))
	require.Contains(t, string(station), `AND \"water_level\" >= 0 AND \"water_level\" <= 12.5 AND \"water_level\" <> 99 GROUP BY`)
	require.Contains(t, string(station), `"title": "Pumps"`)
	require.NotContains(t, string(station), "Temperature")
	alerts, err := os.ReadFile(filepath.Join(dir, "provisioning/alerting/station.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(alerts), `SELECT min("water_level")`)
	require.NotContains(t, string(alerts), "pumps")

	require.ErrorContains(t, generate(dir, "no/such.toml"), `option "schema"`)
}
