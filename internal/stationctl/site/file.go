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
	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// MaxSites limits the sites in a file.
const MaxSites = 10_000

// maxFile limits the file, in bytes; MaxSites names of the maximum length fit.
const maxFile = 16 << 20

// ReadFile reads sites from a CSV or YAML file, with the defaults for what a site leaves out. Its error lists all invalid lines.
func ReadFile(path string, defaults AddOptions) ([]AddOptions, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	sites, errs := readSites(filepath.Ext(path), text, defaults)
	if len(errs) > 0 {
		slices.SortStableFunc(errs, func(a, b error) int { return cmp.Compare(sitefile.LineOf(a), sitefile.LineOf(b)) })
		return nil, fmt.Errorf("nothing was changed: file %q has %s:\n%w", path, texttable.Count(len(errs), "error"), errors.Join(errs...))
	}
	return sites, nil
}

func readText(path string) (string, error) {
	if ext := filepath.Ext(path); !sitefile.Knows(ext) {
		return "", fmt.Errorf("file %q: the name must end with .csv, .yaml, or .yml", path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("site file: %w", err)
	}
	if info.Size() > maxFile {
		return "", fmt.Errorf("file %q has %d bytes; the limit is %d sites per file; split it", path, info.Size(), MaxSites)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user's own choice
	if err != nil {
		return "", fmt.Errorf("site file: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // written by spreadsheets
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			return "", fmt.Errorf(`file %q, line %d is not UTF-8; save the file as UTF-8, or convert it, e.g. with "iconv -f CP949 -t UTF-8"`, path, i+1)
		}
	}
	return string(text), nil
}

func readSites(ext, text string, defaults AddOptions) ([]AddOptions, []error) {
	rows, errs := sitefile.Read(ext, text)
	switch {
	case len(rows) > MaxSites:
		return nil, []error{fmt.Errorf("the file has %d sites; the limit is %d; split it", len(rows), MaxSites)}
	case len(rows) == 0 && len(errs) == 0:
		return nil, []error{errors.New(`the file has no sites; "stationctl site plan --help" shows an example`)}
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
