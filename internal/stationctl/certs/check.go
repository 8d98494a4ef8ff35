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

// Finding is the state of one file in the directory.
type Finding struct {
	File  string    `json:"file"`
	Names []string  `json:"names"`
	Ends  time.Time `json:"ends,omitzero"`
	// Days are the days until the expiration; negative after it.
	Days int `json:"days"`
	// Problem states the problem and the fix, if there is one.
	Problem string `json:"trouble,omitempty"`
}

// Check checks all certificates in a directory. Certificates that expire within the days are problems.
func Check(dir string, within int) ([]Finding, error) {
	ca, err := readPair(filepath.Join(dir, caFile)) // the key can be in another place
	if err != nil {
		return nil, fmt.Errorf("no CA in directory %q: %w; create one with \"stationctl certs ca --dir %s\"", dir, err, dir)
	}
	if ca.certificate == nil {
		return nil, fmt.Errorf("file %q has no certificate", filepath.Join(dir, caFile))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, file := range files {
		findings = append(findings, check(file, ca.certificate, within))
	}
	key := filepath.Join(dir, caKey)
	if problem := exposedKey(key); problem != "" {
		findings = append(findings, Finding{File: key, Names: []string{}, Problem: problem})
	}
	return findings, nil
}

func check(file string, ca *x509.Certificate, within int) Finding {
	f := Finding{File: file, Names: []string{}}
	has, err := readPair(file)
	if err != nil {
		f.Problem = err.Error()
		return f
	}
	if has.certificate == nil {
		f.Problem = "it has no certificate"
		return f
	}
	f.Names, f.Ends = append(f.Names, namesOf(has.certificate)...), has.certificate.NotAfter
	f.Days = int(math.Floor(time.Until(f.Ends).Hours() / 24))
	isCA := filepath.Base(file) == caFile
	switch {
	case !isCA && has.certificate.CheckSignatureFrom(ca) != nil:
		f.Problem = "another CA signed it; run stationctl certs broker again"
	case !isCA && !has.matches():
		f.Problem = "its key and certificate do not match; run stationctl certs broker again"
	case f.Days < within && isCA:
		f.Problem = "the CA expires; create a new CA in an empty directory, and give clients a file with both CAs before you renew the broker certificates"
	case f.Days < within:
		f.Problem = "it expires; run stationctl certs broker again, and restart the broker"
	case !isCA:
		f.Problem = exposedKey(file)
	}
	return f
}

// exposedKey reports a key that all users of this computer can read.
func exposedKey(file string) string {
	info, err := os.Stat(file)
	if err != nil || host.Private(info.Mode()) {
		return ""
	}
	return fmt.Sprintf("all users can read this key; run \"chmod o= %s\"", file)
}

// Row returns the finding as a row of a table with the Columns.
func (f Finding) Row() []string {
	if f.Ends.IsZero() {
		return []string{f.File, "", "", ""}
	}
	return []string{f.File, strings.Join(f.Names, ", "), date(f.Ends), strconv.Itoa(f.Days)}
}

// Columns returns the names of the columns of Row.
func Columns() []string { return []string{"file", "names", "ends", "days left"} }
