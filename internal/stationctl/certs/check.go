package certs

import (
	"crypto/x509"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// Finding is what is true of a file of the folder.
type Finding struct {
	File  string    `json:"file"`
	Names []string  `json:"names"`
	Ends  time.Time `json:"ends,omitzero"`
	// Days are those that are left; below zero, those since the end.
	Days int `json:"days"`
	// Trouble says what is wrong, and what to do; empty: nothing.
	Trouble string `json:"trouble,omitempty"`
}

// Check looks at all certificates of a folder. Those that end within the days are told of as trouble.
func Check(dir string, within int) ([]Finding, error) {
	ca, err := readPair(filepath.Join(dir, authorityFile)) // the key may be elsewhere
	if err != nil {
		return nil, fmt.Errorf("no authority in folder %q (stationctl certs ca makes it): %w", dir, err)
	}
	if ca.certificate == nil {
		return nil, fmt.Errorf("file %q has no certificate", filepath.Join(dir, authorityFile))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, file := range files {
		findings = append(findings, check(file, ca.certificate, within))
	}
	key := filepath.Join(dir, authorityKey)
	if trouble := exposed(key); trouble != "" {
		findings = append(findings, Finding{File: key, Names: []string{}, Trouble: trouble})
	}
	return findings, nil
}

func check(file string, ca *x509.Certificate, within int) Finding {
	f := Finding{File: file, Names: []string{}}
	has, err := readPair(file)
	if err != nil {
		f.Trouble = err.Error()
		return f
	}
	if has.certificate == nil {
		f.Trouble = "it has no certificate"
		return f
	}
	f.Names, f.Ends = append(f.Names, namesOf(has.certificate)...), has.certificate.NotAfter
	f.Days = int(math.Floor(time.Until(f.Ends).Hours() / 24))
	isAuthority := filepath.Base(file) == authorityFile
	switch {
	case !isAuthority && has.certificate.CheckSignatureFrom(ca) != nil:
		f.Trouble = "another authority signed it: run stationctl certs broker again"
	case !isAuthority && !has.belong():
		f.Trouble = "its key and certificate do not belong together: run stationctl certs broker again"
	case f.Days < within && isAuthority:
		f.Trouble = "the authority ends: make a new one in an empty folder, and give clients a file with both before the brokers change"
	case f.Days < within:
		f.Trouble = "it ends: run stationctl certs broker again, and restart the broker"
	case !isAuthority:
		f.Trouble = exposed(file)
	}
	return f
}

// exposed tells of a key that everybody on this machine may read.
func exposed(file string) string {
	info, err := os.Stat(file)
	if err != nil || host.Private(info.Mode()) {
		return ""
	}
	return fmt.Sprintf("others may read this key: chmod o= %s", file)
}

// Row is the finding as a line of a table, and Columns are the names of its columns.
func (f Finding) Row() []string {
	if f.Ends.IsZero() {
		return []string{f.File, "", "", ""}
	}
	return []string{f.File, strings.Join(f.Names, ", "), date(f.Ends), strconv.Itoa(f.Days)}
}

// Columns are those of Row.
func Columns() []string { return []string{"file", "names", "ends", "days left"} }
