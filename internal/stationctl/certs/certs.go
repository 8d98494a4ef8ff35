// Package certs makes an authority of one's own, and the certificates by which clients know Kafka's brokers.
//
// A folder has ca.key, which stays with the administrator; ca.pem, which every client gets; and for each broker NAME.pem, its key and its
// certificate in one file, as Kafka takes them with ssl.keystore.type=PEM. There are no certificates of clients: they have passwords.
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

// The files of the authority.
const (
	authorityKey  = "ca.key"
	authorityFile = "ca.pem"
)

// The marks of results.
const (
	// Made is what was missing.
	Made = "+"
	// Changed is what was otherwise.
	Changed = "~"
	// So is what needs nothing.
	So = "="
)

// Result is what is to be done with one certificate, or what is so already.
type Result struct {
	Mark  string    `json:"mark"`
	Text  string    `json:"text"`
	Files []string  `json:"files"`
	Ends  time.Time `json:"ends"`
	// Done says that it was applied.
	Done bool `json:"done"`

	do func() error
}

// Apply does it.
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

// backdated is for clients whose clocks are behind: a Raspberry Pi has no clock of its own.
const backdated = 24 * time.Hour

const day = 24 * time.Hour

// newTemplate is what all certificates have. The serial number has 128 bits, as browsers' rules want of public ones.
func newTemplate(days int) (*x509.Certificate, error) {
	if days < 1 || days > maxDays {
		return nil, fmt.Errorf("the days of a certificate must be 1 to %d (got \"%d\")", maxDays, days)
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

// maxDays is 50 years; what is a time of Go has its end at 292.
const maxDays = 18250

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// encodeKey writes PKCS#8: Kafka takes no other form.
func encodeKey(key *ecdsa.PrivateKey) (string, error) {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})), err
}

func encodeCertificate(raw []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
}

// pair is what a file holds: either of them may be missing.
type pair struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

// readPair takes the first key and the first certificate. The error of a missing file is fs.ErrNotExist.
func readPair(path string) (pair, error) {
	var p pair
	rest, err := os.ReadFile(path) //nolint:gosec // the user's own choice
	if err != nil {
		return p, err
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if err := p.take(block); err != nil {
			return p, fmt.Errorf("file %q: %w", path, err)
		}
	}
	if p.key == nil && p.certificate == nil {
		return p, fmt.Errorf("file %q has no key and no certificate in PEM form: look what it is, and move it away", path)
	}
	return p, nil
}

func (p *pair) take(block *pem.Block) (err error) {
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
			err = fmt.Errorf("its key is a %T: only ECDSA keys are known here", key)
		}
	}
	return err
}

// belong says that the certificate is the key's.
func (p *pair) belong() bool {
	if p.key == nil || p.certificate == nil {
		return false
	}
	public, ok := p.certificate.PublicKey.(*ecdsa.PublicKey)
	return ok && public.Equal(p.key.Public())
}

// brokerName is safe as a file's name.
var brokerName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.-]*$`)

func brokerFile(dir, name string) (string, error) {
	if !brokerName.MatchString(name) || name+".pem" == authorityFile || len(name) > 200 {
		return "", fmt.Errorf(`a broker's name must be letters (a-z, A-Z), digits, "." and "-", at most 200, and not "ca" (got %q)`, name)
	}
	return filepath.Join(dir, name+".pem"), nil
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }
