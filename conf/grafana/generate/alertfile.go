package main

import (
	"bytes"
	"encoding/json"

	"github.com/grafana/grafana-foundation-sdk/go/alerting"
	"go.yaml.in/yaml/v3"
)

// alertFolder and alertGroup are where Grafana shows the rules.
const (
	alertFolder = "Stations"
	alertGroup  = "telegraf-station"
)

// ruleGroups is Grafana's provisioning file; its rules are those of the SDK but for what the group says.
type ruleGroups struct {
	APIVersion int         `yaml:"apiVersion"`
	Groups     []ruleGroup `yaml:"groups"`
}

type ruleGroup struct {
	OrgID    int    `yaml:"orgId"`
	Name     string `yaml:"name"`
	Folder   string `yaml:"folder"`
	Interval string `yaml:"interval"`
	Rules    []rule `yaml:"rules"`
}

type rule struct {
	UID          string            `yaml:"uid"`
	Title        string            `yaml:"title"`
	Condition    string            `yaml:"condition"`
	Data         []any             `yaml:"data"`
	NoDataState  string            `yaml:"noDataState"`
	ExecErrState string            `yaml:"execErrState"`
	For          string            `yaml:"for"`
	Annotations  map[string]string `yaml:"annotations"`
	Labels       map[string]string `yaml:"labels"`
}

const alertHeader = `# Grafana's alert rules. Made by conf/grafana/generate; README.md says what they tell, and how they reach you.
`

// alertFile makes the YAML that Grafana reads at its start.
func alertFile(sensors []sensor) ([]byte, error) {
	group := ruleGroup{OrgID: 1, Name: alertGroup, Folder: alertFolder, Interval: "1m"}
	for _, alert := range alerts(sensors) {
		built, err := alert.build(alertFolder, alertGroup)
		if err != nil {
			return nil, err
		}
		one, err := newRule(built)
		if err != nil {
			return nil, err
		}
		group.Rules = append(group.Rules, one)
	}
	content := bytes.NewBufferString(alertHeader)
	encoder := yaml.NewEncoder(content)
	encoder.SetIndent(2)
	err := encoder.Encode(ruleGroups{APIVersion: 1, Groups: []ruleGroup{group}})
	return content.Bytes(), err
}

func newRule(built alerting.Rule) (rule, error) {
	one := rule{
		UID: *built.Uid, Title: built.Title, Condition: built.Condition, For: built.For,
		NoDataState: string(built.NoDataState), ExecErrState: string(built.ExecErrState),
		Annotations: built.Annotations, Labels: built.Labels,
	}
	data, err := json.Marshal(built.Data) // the SDK knows the names in JSON only
	if err != nil {
		return rule{}, err
	}
	err = json.Unmarshal(data, &one.Data)
	return one, err
}
