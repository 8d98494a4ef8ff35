package main

import (
	_ "embed"
	"fmt"
	"go/build/constraint"
	"os"
	"path/filepath"
	"strings"
)

//go:embed plugins.txt
var pluginsTxt string

const pluginsFile = "cmd/telegraf/plugins.txt"

// migrationsTag is the only build tag in the list that is not a plugin.
const migrationsTag = "migrations"

// plugin is a name in the list and its line number, starting at 1.
type plugin struct {
	tag  string
	line int
}

// parsePlugins parses a list with one build tag per line, where "#" starts a comment. A duplicate tag is an error.
func parsePlugins(list string) ([]plugin, error) {
	var plugins []plugin
	lineOf := map[string]int{}
	for i, line := range strings.Split(list, "\n") {
		text, _, _ := strings.Cut(line, "#")
		tag := strings.TrimSpace(text)
		if tag == "" {
			continue
		}
		if first, ok := lineOf[tag]; ok {
			return nil, fmt.Errorf("%s:%d: %q is a duplicate of line %d; delete one of them", pluginsFile, i+1, tag, first)
		}
		lineOf[tag] = i + 1
		plugins = append(plugins, plugin{tag, i + 1})
	}
	return plugins, nil
}

// checkPlugins returns an error if the source of Telegraf does not have a plugin: Go ignores unknown build tags, so a typing error would be
// noticed only on the Pi, as a missing plugin.
func checkPlugins(plugins []plugin, source string) error {
	offered, err := offeredTags(source)
	if err != nil {
		return err
	}
	for _, p := range plugins {
		if !offered[p.tag] {
			return fmt.Errorf("%s:%d: Telegraf does not have %q; use a build tag from its plugins/*/all/*.go, such as inputs.cpu",
				pluginsFile, p.line, p.tag)
		}
	}
	return nil
}

// offeredTags returns the tags in build constraints, not file names: processors.timestamp is in processors.go.
func offeredTags(source string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(source, "plugins", "*", "all", "*.go"))
	if err != nil {
		return nil, fmt.Errorf("cannot list the plugins of Telegraf: %w", err)
	}
	offered := map[string]bool{migrationsTag: true}
	for _, file := range files {
		code, err := os.ReadFile(file) //nolint:gosec // our own copy of the module
		if err != nil {
			return nil, fmt.Errorf("cannot list the plugins of Telegraf: %w", err)
		}
		firstLine, _, _ := strings.Cut(string(code), "\n")
		if !constraint.IsGoBuild(firstLine) {
			continue // all.go, which contains only the package clause
		}
		expr, err := constraint.Parse(firstLine)
		if err != nil {
			return nil, fmt.Errorf("cannot parse build constraint %q of %s: %w", firstLine, file, err)
		}
		expr.Eval(func(tag string) bool { // Eval does not short-circuit: it calls this for every tag
			if strings.Contains(tag, ".") {
				offered[tag] = true
			}
			return false
		})
	}
	return offered, nil
}

// buildTags returns the value for -tags of go build. "custom" excludes all plugins of Telegraf that are not listed.
func buildTags(plugins []plugin) string {
	tags := []string{"custom"}
	for _, p := range plugins {
		tags = append(tags, p.tag)
	}
	return strings.Join(tags, ",")
}
