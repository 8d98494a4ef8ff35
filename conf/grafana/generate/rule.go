package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/alerting"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/expr"
)

// expressions is the data source for computations in Grafana.
const expressions = "__expr__"

// condition is a threshold.
type condition struct {
	kind  expr.ExprTypeThresholdConditionsEvaluatorType
	value float64
}

func above(value float64) condition {
	return condition{expr.ExprTypeThresholdConditionsEvaluatorTypeGt, value}
}

func below(value float64) condition {
	return condition{expr.ExprTypeThresholdConditionsEvaluatorTypeLt, value}
}

// build returns the rule. With one query: A, its last value B, and the condition C. With the difference of two: A and B, their last values C
// and D, the difference E, and the condition F.
func (a alert) build(folder, group string) (alerting.Rule, error) {
	s := &steps{}
	for _, q := range a.queries {
		s.query(q)
	}
	for i := range a.queries {
		s.compute(lastValue(refID(i), s.next()))
	}
	if a.difference {
		s.compute(difference("$C - $D", s.next()))
	}
	s.compute(threshold(s.last(), s.next(), a.condition))
	return alerting.NewRuleBuilder(a.title).
		Uid(a.uid).FolderUID(folder).RuleGroup(group).OrgID(1).
		Queries(s.queries).Condition(s.last()).For(a.pending).
		// A missing series is not a problem, and a station that is down has its own rule.
		NoDataState(alerting.RuleNoDataStateOK).ExecErrState(alerting.RuleExecErrStateError).
		Annotations(map[string]string{"summary": a.summary, "description": a.advice}).
		Labels(map[string]string{"severity": a.severity}).
		Build()
}

// steps are the queries and expressions of a rule, named A, B, C.
type steps struct{ queries []cog.Builder[alerting.Query] }

func refID(i int) string { return "ABCDEFGH"[i : i+1] }

func (s *steps) next() string { return refID(len(s.queries)) }
func (s *steps) last() string { return refID(len(s.queries) - 1) }

func (s *steps) query(q timed) {
	q.query.RefID = s.next()
	s.queries = append(s.queries, alerting.NewQueryBuilder(s.next()).
		DatasourceUid(*q.query.Datasource.Uid).Model(q.query).RelativeTimeRange(q.from, q.to))
}

func (s *steps) compute(model cog.Builder[variants.Dataquery]) {
	s.queries = append(s.queries, alerting.NewQueryBuilder(s.next()).
		DatasourceUid(expressions).Model(model).RelativeTimeRange(0, 0))
}

func lastValue(of, name string) cog.Builder[variants.Dataquery] {
	return expr.NewExprBuilder().TypeReduce(expr.NewTypeReduceBuilder().
		RefId(name).Datasource(expressionSource()).Expression(of).Reducer(expr.TypeReduceReducerLast))
}

func difference(expression, name string) cog.Builder[variants.Dataquery] {
	return expr.NewExprBuilder().TypeMath(expr.NewTypeMathBuilder().
		RefId(name).Datasource(expressionSource()).Expression(expression))
}

func threshold(of, name string, c condition) cog.Builder[variants.Dataquery] {
	evaluator := expr.NewExprTypeThresholdConditionsEvaluatorBuilder().Type(c.kind).Params([]float64{c.value})
	conditions := []cog.Builder[expr.ExprTypeThresholdConditions]{expr.NewExprTypeThresholdConditionsBuilder().Evaluator(evaluator)}
	return expr.NewExprBuilder().TypeThreshold(expr.NewTypeThresholdBuilder().
		RefId(name).Datasource(expressionSource()).Expression(of).Conditions(conditions))
}

func expressionSource() common.DataSourceRef {
	return common.DataSourceRef{Type: new(expressions), Uid: new(expressions)}
}
