// Package certs creates a certificate authority (CA) and issues the certificates that authenticate Kafka brokers.
//
// ca.go creates the CA, broker.go issues broker certificates, and check.go checks a directory. The directory has ca.key, which stays with the
// administrator; ca.pem, which every client needs; and NAME.pem for each broker, with its key and certificate in one file, as Kafka expects
// with ssl.keystore.type=PEM. There are no client certificates: clients have passwords.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// The files of the CA.
const (
	caKey  = "ca.key"
	caFile = "ca.pem"
)

// The marks of results.
const (
	// Created marks what was missing.
	Created = "+"
	// Changed marks what was replaced.
	Changed = "~"
	// Unchanged marks what already exists.
	Unchanged = "="
)

// Result is a planned change of a certificate, or a certificate that needs none.
type Result struct {
	Mark  string    `json:"mark"`
	Text  string    `json:"text"`
	Files []string  `json:"files"`
	Ends  time.Time `json:"ends"`
	// Done is true once it has been applied.
	Done bool `json:"done"`

	do func() error
}

// Apply makes the planned change.
func (r *Result) Apply() error {
	if r.do == nil {
		return nil
	}
	if err := r.do(); err != nil {
		return fmt.Errorf("%s: %w", r.Text, err)
	}
	r.Done = true
	return nil
}

// backdated allows for clients whose clock is slow: a Raspberry Pi has no battery-backed clock.
const backdated = 24 * time.Hour

const day = 24 * time.Hour

// newTemplate returns what all certificates have in common. The serial number has 128 bits, as browsers require of public CAs.
func newTemplate(days int) (*x509.Certificate, error) {
	if days < 1 || days > maxDays {
		return nil, fmt.Errorf("the validity of a certificate must be 1 to %d days (got %d)", maxDays, days)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, BasicConstraintsValid: true,
		NotBefore: now.Add(-backdated), NotAfter: now.Add(time.Duration(days) * day),
	}, nil
}

// maxDays is 50 years; a time.Duration is at most 292 years.
const maxDays = 18250

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// encodeKey uses PKCS#8, the only format that Kafka supports.
func encodeKey(key *ecdsa.PrivateKey) (string, error) {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})), err
}

func encodeCertificate(raw []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
}

// pair is a key and a certificate; either can be missing.
type pair struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

// readPair returns the first key and the first certificate in a file. If the file is missing, the error is fs.ErrNotExist.
func readPair(path string) (pair, error) {
	var p pair
	rest, err := os.ReadFile(path) //nolint:gosec // chosen by the user
	if err != nil {
		return p, err
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if err := p.add(block); err != nil {
			return p, fmt.Errorf("file %q: %w", path, err)
		}
	}
	if p.key == nil && p.certificate == nil {
		return p, fmt.Errorf("file %q has no key and no certificate in PEM format; check what it is, and move it away", path)
	}
	return p, nil
}

func (p *pair) add(block *pem.Block) (err error) {
	switch {
	case block.Type == "CERTIFICATE" && p.certificate == nil:
		p.certificate, err = x509.ParseCertificate(block.Bytes)
	case block.Type == "PRIVATE KEY" && p.key == nil:
		var key any
		if key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
			return err
		}
		var ok bool
		if p.key, ok = key.(*ecdsa.PrivateKey); !ok {
			err = fmt.Errorf("its key is a %T; only ECDSA keys are supported", key)
		}
	}
	return err
}

// matches reports whether there are a key and a certificate that belong together.
func (p *pair) matches() bool {
	if p.key == nil || p.certificate == nil {
		return false
	}
	public, ok := p.certificate.PublicKey.(*ecdsa.PublicKey)
	return ok && public.Equal(p.key.Public())
}

// brokerName matches names that are safe as file names.
var brokerName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.-]*$`)

func brokerFile(dir, name string) (string, error) {
	if !brokerName.MatchString(name) || name+".pem" == caFile || len(name) > 200 {
		return "", fmt.Errorf(`a broker name must have at most 200 letters (a-z, A-Z), digits, "." and "-", and must not be "ca" (got %q)`, name)
	}
	return filepath.Join(dir, name+".pem"), nil
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }
