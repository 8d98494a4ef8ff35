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

// variable is a dashboard's, filled by a query.
type variable struct {
	Name, Type        string
	Multi, IncludeAll bool
	AllValue          string
	Query             struct{ Query string }
	Datasource        struct{ Type, UID string }
}

// values are those that are chosen, by the variables' names.
type values map[string]value

// value is one, some, or all: then pattern stands for them, as it is.
type value struct {
	chosen  []string
	pattern string
}

var (
	reference = regexp.MustCompile(`\$\{(\w+)(?::(\w+))?\}`)
	special   = regexp.MustCompile(`[\\^$*+?.()|[\]{}/]`)
)

// in puts the values into a query, as Grafana does.
func (v values) in(t *testing.T, query string) string {
	t.Helper()
	return reference.ReplaceAllStringFunc(query, func(text string) string {
		parts := reference.FindStringSubmatch(text)
		chosen, known := v[parts[1]]
		require.True(t, known, "%s in %q is no variable", text, query)
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

// choose asks the variables' queries one after the other: with all of each where that is possible, or with every value of each
// one chosen by hand. Once for every first value of the variables that have only one.
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

// options are the values that the variable's query finds.
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
