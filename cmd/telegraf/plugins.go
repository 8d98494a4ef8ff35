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

// migrationsTag is the one build tag in the list that is no plugin.
const migrationsTag = "migrations"

// plugin is one name of the list and the line it stands on, counted from 1.
type plugin struct {
	tag  string
	line int
}

// parsePlugins reads a list of one build tag a line, where "#" starts a remark. A tag that stands there twice is an error.
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
			return nil, fmt.Errorf("%s:%d: %q is there already, on line %d; delete one", pluginsFile, i+1, tag, first)
		}
		lineOf[tag] = i + 1
		plugins = append(plugins, plugin{tag, i + 1})
	}
	return plugins, nil
}

// checkPlugins refuses a name that Telegraf's source does not offer: Go ignores an unknown build tag, so that a typing
// error would only be seen on the Pi, as a plugin that is missing.
func checkPlugins(plugins []plugin, source string) error {
	offered, err := offeredTags(source)
	if err != nil {
		return err
	}
	for _, p := range plugins {
		if !offered[p.tag] {
			return fmt.Errorf("%s:%d: Telegraf has no %q; the names are the build tags in its plugins/*/all/*.go, such as inputs.cpu",
				pluginsFile, p.line, p.tag)
		}
	}
	return nil
}

// offeredTags reads the build constraints, not the file names: processors.timestamp is in processors.go.
func offeredTags(source string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(source, "plugins", "*", "all", "*.go"))
	if err != nil {
		return nil, fmt.Errorf("listing Telegraf's plugins: %w", err)
	}
	offered := map[string]bool{migrationsTag: true}
	for _, file := range files {
		code, err := os.ReadFile(file) //nolint:gosec // our own copy of the module
		if err != nil {
			return nil, fmt.Errorf("listing Telegraf's plugins: %w", err)
		}
		firstLine, _, _ := strings.Cut(string(code), "\n")
		if !constraint.IsGoBuild(firstLine) {
			continue // all.go, which only names the package
		}
		expr, err := constraint.Parse(firstLine)
		if err != nil {
			return nil, fmt.Errorf("build constraint %q of %s: %w", firstLine, file, err)
		}
		expr.Eval(func(tag string) bool { // calls this for every tag: it has no short circuit
			if strings.Contains(tag, ".") {
				offered[tag] = true
			}
			return false
		})
	}
	return offered, nil
}

// buildTags is the value of go build's -tags. "custom" leaves out every plugin of Telegraf that is not named.
func buildTags(plugins []plugin) string {
	tags := []string{"custom"}
	for _, p := range plugins {
		tags = append(tags, p.tag)
	}
	return strings.Join(tags, ",")
}
