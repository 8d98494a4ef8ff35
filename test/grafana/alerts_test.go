//go:build real

package grafana

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// rule is the part of an alert rule that decides whether its condition is met. Grafana applies its duration (for).
type rule struct {
	UID, Condition string
	Data           []step
}

// step is a query, or an expression over the results of other steps.
type step struct {
	RefID             string                   `yaml:"refId"`
	DatasourceUID     string                   `yaml:"datasourceUid"`
	RelativeTimeRange struct{ From, To int64 } `yaml:"relativeTimeRange"`
	Model             struct {
		target     `yaml:",inline"`
		Type       string
		Expression string
		Reducer    string
		Conditions []struct {
			Evaluator struct {
				Type   string
				Params []float64
			}
		}
	}
}

func rules(t *testing.T) []rule {
	t.Helper()
	content, err := os.ReadFile("../../conf/grafana/provisioning/alerting/station.yaml")
	require.NoError(t, err)
	var file struct{ Groups []struct{ Rules []rule } }
	require.NoError(t, yaml.Unmarshal(content, &file))
	require.Len(t, file.Groups, 1)
	return file.Groups[0].Rules
}

func TestAlertRulesFireOnProblemsOnly(t *testing.T) {
	t.Parallel()
	s := filled(t)
	const (
		torn   = "id=RaspberryPi-2 index=1 site=JNU type=rasp"
		harbor = "group=telegraf-station index=1 site=Busan.East type=rasp"
		lab    = "group=telegraf-station index=1 site=KIST-2 type=uno"
	)
	problems := map[string][]string{
		"station-silent":             {"id=RaspberryPi index=1 site=KNU type=rasp", "id=roof index=2 site=JNU type=rasp"},
		"station-sensing-errors":     {torn},
		"station-sensor-temp":        {torn},
		"station-sensor-alcohol_gas": nil, "station-sensor-co_gas": nil, "station-sensor-light": nil,
		"station-lag-growing":    {harbor},
		"station-outbox-filling": {"id=lab (2)/a.b index=1 site=KIST-2 type=uno"},
		"station-lost":           {harbor, lab},
	}
	for _, r := range rules(t) {
		want, known := problems[r.UID]
		require.True(t, known, "no problem for %q in the fleet", r.UID)
		require.Equal(t, want, s.firing(t, r, end), r.UID)
		require.Empty(t, s.firing(t, r, healthy), r.UID)
		delete(problems, r.UID)
	}
	require.Empty(t, problems, "rules that are gone")
}

// TestSensorRulesFire breaks all sensors that work in the fleet.
func TestSensorRulesFire(t *testing.T) {
	t.Parallel()
	s := filled(t)
	var lines []string
	for at := end.Add(-20 * time.Minute); at.Before(end); at = at.Add(period) {
		lines = append(lines, fmt.Sprintf("A_b,id=broken,index=1,site=A,type=b alcohol_gas=-1i,co_gas=-1i,light=-1i,temp=-999,status=1i,latitude=1,longitude=2 %d", at.UnixNano()))
	}
	s.write(t, lines)
	for _, r := range rules(t) {
		if strings.HasPrefix(r.UID, "station-sensor-") || r.UID == "station-sensing-errors" {
			require.Contains(t, s.firing(t, r, end), "id=broken index=1 site=A type=b", r.UID)
		}
	}
}

// numbers are the values of the steps so far, by their labels.
type numbers map[string]map[string]float64

// firing returns the sorted labels for which the condition of the rule is met at a time.
func (s *store) firing(t *testing.T, r rule, now time.Time) []string {
	t.Helper()
	got := numbers{}
	drawn := map[string][]line{}
	for _, one := range r.Data {
		if one.DatasourceUID == "__expr__" {
			got[one.RefID] = one.compute(t, drawn, got)
			continue
		}
		drawn[one.RefID] = s.lines(t, one, now)
	}
	var firing []string
	for labels, value := range got[r.Condition] {
		if value != 0 {
			firing = append(firing, labels)
		}
	}
	slices.Sort(firing)
	return firing
}

// lines runs the query of a step. It must return rows even if all is well: a rule without data never fires.
func (s *store) lines(t *testing.T, one step, now time.Time) []line {
	t.Helper()
	require.Equal(t, one.DatasourceUID, one.Model.Datasource.UID)
	seconds := func(count int64) time.Time { return now.Add(-time.Duration(count) * time.Second) }
	got := s.run(t, one.Model.target, window{seconds(one.RelativeTimeRange.From), seconds(one.RelativeTimeRange.To), time.Minute})
	require.Empty(t, got.tables, "Grafana's alerts take lines only")
	require.NotZero(t, got.count(), one.Model.Query)
	return got.lines
}

// compute evaluates an expression as Grafana does.
func (one step) compute(t *testing.T, drawn map[string][]line, got numbers) map[string]float64 {
	t.Helper()
	result := map[string]float64{}
	switch one.Model.Type {
	case "reduce":
		require.Equal(t, "last", one.Model.Reducer)
		for _, line := range drawn[one.Model.Expression] {
			require.NotContains(t, result, text(line.labels), "two lines with the same labels")
			result[text(line.labels)] = line.points[len(line.points)-1].value
		}
	case "math":
		terms := strings.Split(one.Model.Expression, " - ")
		require.Len(t, terms, 2, one.Model.Expression)
		for labels, value := range got[strings.TrimPrefix(terms[0], "$")] {
			if other, both := got[strings.TrimPrefix(terms[1], "$")][labels]; both {
				result[labels] = value - other
			}
		}
	case "threshold":
		for labels, value := range got[one.Model.Expression] {
			result[labels] = one.holds(t, value)
		}
	default:
		require.Fail(t, "unknown expression", one.Model.Type)
	}
	return result
}

// holds returns 1 if the condition is met, otherwise 0.
func (one step) holds(t *testing.T, value float64) float64 {
	t.Helper()
	require.Len(t, one.Model.Conditions, 1)
	evaluator := one.Model.Conditions[0].Evaluator
	switch {
	case evaluator.Type == "gt" && value > evaluator.Params[0], evaluator.Type == "lt" && value < evaluator.Params[0]:
		return 1
	case evaluator.Type != "gt" && evaluator.Type != "lt":
		require.Fail(t, "unknown condition", evaluator.Type)
	}
	return 0
}

// text returns labels in order.
func text(labels map[string]string) string {
	var parts []string
	for _, name := range names(labels) {
		parts = append(parts, name+"="+labels[name])
	}
	return strings.Join(parts, " ")
}
