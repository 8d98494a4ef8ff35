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

// PlanCA plans to create a CA, unless there is one. Its key is never overwritten: every client would need a new ca.pem.
func PlanCA(dir, name string, days int) (*Result, error) {
	key, certificate := filepath.Join(dir, caKey), filepath.Join(dir, caFile)
	r := &Result{Files: []string{key, certificate}}
	has, err := readCA(dir)
	if err != nil {
		return nil, err
	}
	if has.certificate != nil {
		r.Mark, r.Ends = Unchanged, has.certificate.NotAfter
		r.Text = fmt.Sprintf("CA %q in %q, valid until %s", has.certificate.Subject.CommonName, certificate, date(r.Ends))
		return r, nil
	}
	template, err := newTemplate(days)
	if err != nil {
		return nil, err
	}
	template.Subject = pkix.Name{CommonName: name}
	template.IsCA, template.MaxPathLenZero = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	r.Mark, r.Ends = Created, template.NotAfter
	r.Text = fmt.Sprintf("CA %q in %q, valid until %s; its key is %q", name, certificate, date(r.Ends), key)
	r.do = func() error { return createCA(dir, has, template) }
	return r, nil
}

// readCA returns an empty pair if there is no CA, and only a key if its creation was interrupted.
func readCA(dir string) (pair, error) {
	key, err := readPair(filepath.Join(dir, caKey))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pair{}, err
	}
	public, err := readPair(filepath.Join(dir, caFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pair{}, err
	}
	all := pair{key.key, public.certificate}
	if all.certificate != nil && !all.matches() {
		return pair{}, fmt.Errorf("directory %q has the certificate %q of a CA, but not its key %q; use the directory that has both, or create a new CA in an empty directory",
			dir, caFile, caKey)
	}
	return all, nil
}

// createCA writes the key first: a certificate is useless without it.
func createCA(dir string, has pair, template *x509.Certificate) error {
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
		if err := host.Create(filepath.Join(dir, caKey), text, 0o600); err != nil {
			return err
		}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, has.key.Public(), has.key)
	if err != nil {
		return err
	}
	return host.Create(filepath.Join(dir, caFile), encodeCertificate(raw), 0o644)
}

// usableCA returns a CA that can issue certificates.
func usableCA(dir string) (pair, error) {
	has, err := readCA(dir)
	if err != nil {
		return has, err
	}
	if has.certificate == nil {
		return has, fmt.Errorf("no CA in directory %q; create one with \"stationctl certs ca --dir %s\"", dir, dir)
	}
	if expires := has.certificate.NotAfter; time.Now().After(expires) {
		return has, fmt.Errorf("the CA in directory %q expired on %s; create a new CA in an empty directory, and install its ca.pem on all clients", dir, date(expires))
	}
	return has, nil
}
