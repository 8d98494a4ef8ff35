package certs

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// PlanAuthority makes the authority, unless there is one. Its key is never overwritten: every client would have to get another ca.pem.
func PlanAuthority(dir, name string, days int) (*Result, error) {
	key, certificate := filepath.Join(dir, authorityKey), filepath.Join(dir, authorityFile)
	r := &Result{Files: []string{key, certificate}}
	has, err := readAuthority(dir)
	if err != nil {
		return nil, err
	}
	if has.certificate != nil {
		r.Mark, r.Ends = So, has.certificate.NotAfter
		r.Text = fmt.Sprintf("authority %q in %q, which ends on %s", has.certificate.Subject.CommonName, certificate, date(r.Ends))
		return r, nil
	}
	template, err := newTemplate(days)
	if err != nil {
		return nil, err
	}
	template.Subject = pkix.Name{CommonName: name}
	template.IsCA, template.MaxPathLenZero = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	r.Mark, r.Ends = Made, template.NotAfter
	r.Text = fmt.Sprintf("authority %q in %q, which ends on %s; its key is %q", name, certificate, date(r.Ends), key)
	r.do = func() error { return makeAuthority(dir, has, template) }
	return r, nil
}

// readAuthority is empty if there is none, and has a key only if somebody was killed in between.
func readAuthority(dir string) (pair, error) {
	key, err := readPair(filepath.Join(dir, authorityKey))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pair{}, err
	}
	public, err := readPair(filepath.Join(dir, authorityFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pair{}, err
	}
	all := pair{key.key, public.certificate}
	if all.certificate != nil && !all.belong() {
		return pair{}, fmt.Errorf("folder %q has an authority's certificate, %q, without its key, %q: give the folder with both, or make a new authority in an empty one",
			dir, authorityFile, authorityKey)
	}
	return all, nil
}

// makeAuthority writes the key first: a certificate without it would be of no use.
func makeAuthority(dir string, has pair, template *x509.Certificate) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if has.key == nil {
		var err error
		if has.key, err = newKey(); err != nil {
			return err
		}
		text, err := encodeKey(has.key)
		if err != nil {
			return err
		}
		if err := host.Create(filepath.Join(dir, authorityKey), text, 0o600); err != nil {
			return err
		}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, has.key.Public(), has.key)
	if err != nil {
		return err
	}
	return host.Create(filepath.Join(dir, authorityFile), encodeCertificate(raw), 0o644)
}

// authority is one that can sign now.
func authority(dir string) (pair, error) {
	has, err := readAuthority(dir)
	if err != nil {
		return has, err
	}
	if has.certificate == nil {
		return has, fmt.Errorf("there is no authority in folder %q: make it with stationctl certs ca --dir %s", dir, dir)
	}
	if end := has.certificate.NotAfter; time.Now().After(end) {
		return has, fmt.Errorf("the authority in folder %q ended on %s: make a new one in an empty folder, and give its ca.pem to all clients", dir, date(end))
	}
	return has, nil
}
