package site

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site/sitefile"
)

// MaxSites is how many a file may have.
const MaxSites = 10_000

// maxFile is how many bytes it may have: with names as long as Kafka's, it has room for them all.
const maxFile = 16 << 20

// ReadFile reads sites from a CSV or YAML file. What a site leaves out is as in the defaults. It tells of all that is wrong, line by line.
func ReadFile(path string, defaults AddOptions) ([]AddOptions, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	sites, errs := readSites(filepath.Ext(path), text, defaults)
	if len(errs) > 0 {
		slices.SortStableFunc(errs, func(a, b error) int { return cmp.Compare(sitefile.LineOf(a), sitefile.LineOf(b)) })
		return nil, fmt.Errorf("file %q has %d error(s), so nothing was changed:\n%w", path, len(errs), errors.Join(errs...))
	}
	return sites, nil
}

func readText(path string) (string, error) {
	if ext := filepath.Ext(path); !sitefile.Knows(ext) {
		return "", fmt.Errorf("file %q: its name must end with .csv, .yaml or .yml", path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("file of the sites: %w", err)
	}
	if info.Size() > maxFile {
		return "", fmt.Errorf("file %q has %d bytes; at most %d sites are planned at once: split it, and plan one part after the other", path, info.Size(), MaxSites)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user's own choice
	if err != nil {
		return "", fmt.Errorf("file of the sites: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // of spreadsheets
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			return "", fmt.Errorf("file %q, line %d: this is not UTF-8: save it so, or turn it with iconv, e.g. iconv -f CP949 -t UTF-8", path, i+1)
		}
	}
	return string(text), nil
}

func readSites(ext, text string, defaults AddOptions) ([]AddOptions, []error) {
	rows, errs := sitefile.Read(ext, text)
	switch {
	case len(rows) > MaxSites:
		return nil, []error{fmt.Errorf("it has %d sites; at most %d are planned at once: split it, and plan one part after the other", len(rows), MaxSites)}
	case len(rows) == 0 && len(errs) == 0:
		return nil, []error{errors.New("it has no sites: stationctl site plan --help shows an example")}
	}
	var sites []AddOptions
	for _, r := range rows {
		options, wrong := optionsOf(r, defaults)
		if len(wrong) == 0 {
			sites = append(sites, options)
		}
		errs = append(errs, wrong...)
	}
	return sites, append(errs, checkUnique(sites)...)
}
