//go:build real

package grafana

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// variable is a dashboard variable whose values a query returns.
type variable struct {
	Name, Type        string
	Multi, IncludeAll bool
	AllValue          string
	Query             struct{ Query string }
	Datasource        struct{ Type, UID string }
}

// values are the selected values by variable name.
type values map[string]value

// value is one value, several, or all, which pattern matches.
type value struct {
	chosen  []string
	pattern string
}

var (
	reference = regexp.MustCompile(`\$\{(\w+)(?::(\w+))?\}`)
	special   = regexp.MustCompile(`[\\^$*+?.()|[\]{}/]`)
)

// in replaces the variables in a query, as Grafana does.
func (v values) in(t *testing.T, query string) string {
	t.Helper()
	return reference.ReplaceAllStringFunc(query, func(text string) string {
		parts := reference.FindStringSubmatch(text)
		chosen, known := v[parts[1]]
		require.True(t, known, "%s in %q is not a variable", text, query)
		return chosen.format(t, parts[2])
	})
}

func (v value) format(t *testing.T, format string) string {
	t.Helper()
	switch {
	case v.pattern != "":
		return v.pattern
	case format == "regex" && len(v.chosen) == 1:
		return escape(v.chosen[0])
	case format == "regex":
		var escaped []string
		for _, one := range v.chosen {
			escaped = append(escaped, escape(one))
		}
		return "(" + strings.Join(escaped, "|") + ")"
	}
	require.Empty(t, format)
	require.Len(t, v.chosen, 1, "several values need a format")
	return v.chosen[0]
}

func escape(text string) string { return special.ReplaceAllString(text, `\$0`) }

// choose runs the queries of the variables one after another and selects "all" where possible, or each value by hand. It returns a set of values
// for each value of the variables that accept only one.
func (s *store) choose(t *testing.T, variables []variable, byHand bool) []values {
	t.Helper()
	sets := []values{{}}
	for _, v := range variables {
		var more []values
		for _, set := range sets {
			more = append(more, s.extend(t, set, v, byHand)...)
		}
		sets = more
	}
	return sets
}

func (s *store) extend(t *testing.T, set values, v variable, byHand bool) []values {
	t.Helper()
	found := s.options(t, v, set)
	require.NotEmpty(t, found, "variable %q has no values", v.Name)
	switch {
	case v.IncludeAll && !byHand:
		return []values{set.with(v.Name, value{pattern: v.AllValue})}
	case v.Multi:
		return []values{set.with(v.Name, value{chosen: found})}
	}
	var sets []values
	for _, one := range found {
		sets = append(sets, set.with(v.Name, value{chosen: []string{one}}))
	}
	return sets
}

func (v values) with(name string, one value) values {
	set := maps.Clone(v)
	set[name] = one
	return set
}

// options returns the values that the query of a variable returns.
func (s *store) options(t *testing.T, v variable, set values) []string {
	t.Helper()
	require.Equal(t, "query", v.Type)
	require.Equal(t, influxQLSource, v.Datasource.UID)
	series, err := s.Query(t.Context(), set.in(t, v.Query.Query))
	require.NoError(t, err, v.Name)
	var found []string
	for _, one := range series {
		for _, row := range one.Values {
			found = append(found, row[1].(string))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
