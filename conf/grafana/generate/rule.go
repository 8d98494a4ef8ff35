package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/alerting"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/expr"
)

// expressions is where Grafana itself computes.
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

// build makes the rule. With one query: A, its last value B, the condition C. With two, whose difference counts: A and B, their
// last values C and D, the difference E, the condition F.
func (a alert) build(folder, group string) (alerting.Rule, error) {
	made := &steps{}
	for _, q := range a.queries {
		made.ask(q)
	}
	for i := range a.queries {
		made.compute(lastValue(refID(i), made.next()))
	}
	if a.difference {
		made.compute(difference("$C - $D", made.next()))
	}
	made.compute(threshold(made.last(), made.next(), a.condition))
	return alerting.NewRuleBuilder(a.title).
		Uid(a.uid).FolderUID(folder).RuleGroup(group).OrgID(1).
		Queries(made.queries).Condition(made.last()).For(a.pending).
		// A series that is not there has no trouble, and a station that is away has its own rule.
		NoDataState(alerting.RuleNoDataStateOK).ExecErrState(alerting.RuleExecErrStateError).
		Annotations(map[string]string{"summary": a.summary, "description": a.advice}).
		Labels(map[string]string{"severity": a.severity}).
		Build()
}

// steps are a rule's queries and expressions, named A, B, C.
type steps struct{ queries []cog.Builder[alerting.Query] }

func refID(i int) string { return "ABCDEFGH"[i : i+1] }

func (s *steps) next() string { return refID(len(s.queries)) }
func (s *steps) last() string { return refID(len(s.queries) - 1) }

func (s *steps) ask(q timed) {
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
