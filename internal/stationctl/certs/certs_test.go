package certs

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func makeCA(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "certs")
	r, err := PlanCA(dir, "test", 3650)
	require.NoError(t, err)
	require.Equal(t, Created, r.Mark)
	require.NoFileExists(t, filepath.Join(dir, caFile), "a plan changes nothing")
	require.NoError(t, r.Apply())
	return dir
}

func broker(t *testing.T, dir string, options BrokerOptions) *Result {
	t.Helper()
	r, err := PlanBroker(dir, options)
	require.NoError(t, err)
	require.NoError(t, r.Apply())
	return r
}

func kafka1() BrokerOptions {
	return BrokerOptions{Name: "kafka-1", Names: []string{"kafka-1", "192.0.2.7"}, Days: 825, Renew: 30}
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	require.NoError(t, err)
	return string(text)
}

func TestCertificateIsValidOnlyForItsNames(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	broker(t, dir, kafka1())
	file := filepath.Join(dir, "kafka-1.pem")
	loaded, err := tls.LoadX509KeyPair(file, file)
	require.NoError(t, err)
	require.Len(t, loaded.Certificate, 2, "the certificate of the CA is in the chain")
	require.Regexp(t, `^-----BEGIN PRIVATE KEY-----\n`, read(t, file), "PKCS#8, first: as Kafka reads it")
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(read(t, dir, caFile))))
	for name, known := range map[string]bool{"kafka-1": true, "192.0.2.7": true, "kafka-2": false, "192.0.2.8": false} {
		_, err := loaded.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots})
		require.Equal(t, known, err == nil, "%s: %v", name, err)
	}
	require.WithinDuration(t, time.Now().AddDate(0, 0, 825), loaded.Leaf.NotAfter, time.Hour+time.Minute)
	require.True(t, loaded.Leaf.NotBefore.Before(time.Now().Add(-time.Hour)), "a clock can be slow")
	for name, mode := range map[string]os.FileMode{caKey: 0o600, caFile: 0o644, "kafka-1.pem": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
}

func TestSecondRunChangesNothing(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	broker(t, dir, kafka1())
	key, ca, file := read(t, dir, caKey), read(t, dir, caFile), read(t, dir, "kafka-1.pem")
	r, err := PlanCA(dir, "other", 10)
	require.NoError(t, err)
	require.Equal(t, Unchanged, r.Mark)
	require.NoError(t, r.Apply())
	other := kafka1()
	other.Names = []string{"192.0.2.7", "kafka-1"}
	require.Equal(t, Unchanged, broker(t, dir, other).Mark, "the order of names does not matter")
	require.Equal(t, []string{key, ca, file}, []string{read(t, dir, caKey), read(t, dir, caFile), read(t, dir, "kafka-1.pem")})
}

func TestInterruptedCreationIsResumed(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	key := read(t, dir, caKey)
	require.NoError(t, os.Remove(filepath.Join(dir, caFile)))
	r, err := PlanCA(dir, "test", 3650)
	require.NoError(t, err)
	require.NoError(t, r.Apply())
	require.Equal(t, key, read(t, dir, caKey))
	broker(t, dir, kafka1())
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	file := filepath.Join(dir, "kafka-1.pem")
	broker(t, dir, kafka1())
	require.NoError(t, os.Chmod(file, 0o640))
	named, soon := kafka1(), kafka1()
	named.Names = []string{"kafka-1"}
	r := broker(t, dir, named)
	require.Equal(t, Changed, r.Mark)
	require.Contains(t, r.Text, "renewed, because it was for 192.0.2.7, kafka-1; restart the broker")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.EqualValues(t, 0o640, info.Mode().Perm(), "the group of the broker can still read it")

	soon.Days, soon.Renew = 20, 10
	broker(t, dir, soon)
	findings, err := Check(dir, 30)
	require.NoError(t, err)
	require.Len(t, findings, 2)
	require.Equal(t, 19, findings[1].Days)
	require.Contains(t, findings[1].Problem, "it expires; run stationctl certs broker again")
	r = broker(t, dir, kafka1())
	require.Contains(t, r.Text, "renewed, because it expires on ")

	other := makeCA(t)
	require.NoError(t, os.Rename(file, filepath.Join(other, "kafka-1.pem")))
	findings, err = Check(other, 30)
	require.NoError(t, err)
	require.Contains(t, findings[1].Problem, "another CA signed it")
	require.Contains(t, broker(t, other, kafka1()).Text, "renewed, because another CA signed it")
	findings, err = Check(other, 30)
	require.NoError(t, err)
	require.Empty(t, findings[1].Problem)
}

// Otherwise it would be renewed on every run.
func TestCertificateExpiresWithItsCA(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, err := PlanCA(dir, "test", 20)
	require.NoError(t, err)
	require.NoError(t, r.Apply())
	broker(t, dir, kafka1())
	require.Equal(t, Unchanged, broker(t, dir, kafka1()).Mark)
	findings, err := Check(dir, 30)
	require.NoError(t, err)
	require.Contains(t, findings[0].Problem, "the CA expires; create a new CA")
}

func TestCheckReportsExposedKeysAndOtherFiles(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	broker(t, dir, kafka1())
	require.NoError(t, os.Chmod(filepath.Join(dir, caKey), 0o644))
	require.NoError(t, os.Chmod(filepath.Join(dir, "kafka-1.pem"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x.pem"), []byte("<html>"), 0o600))
	findings, err := Check(dir, 30)
	require.NoError(t, err)
	require.Len(t, findings, 4)
	require.Contains(t, findings[1].Problem, "all users can read this key")
	require.Contains(t, findings[2].Problem, "has no key and no certificate")
	require.Contains(t, findings[3].Problem, "all users can read this key")
}

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	for want, change := range map[string]func(*BrokerOptions){
		`a broker name must have at most 200 letters (a-z, A-Z), digits, "." and "-", and must not be "ca" (got "../kafka")`: func(o *BrokerOptions) { o.Name = "../kafka" },
		`must not be "ca" (got "ca")`: func(o *BrokerOptions) { o.Name = "ca" },
		`(got "카프카")`:                 func(o *BrokerOptions) { o.Name = "카프카" },
		`(got "kafka-1:9092")`:        func(o *BrokerOptions) { o.Names = []string{"kafka-1:9092"} },
		`(got "")`:                    func(o *BrokerOptions) { o.Names = []string{""} },
		`1 to 18250 days (got 0)`:     func(o *BrokerOptions) { o.Days = 0 },
		`would be renewed every time`: func(o *BrokerOptions) { o.Renew = 825 },
		`the names that clients use for the broker are required`: func(o *BrokerOptions) { o.Names = nil },
	} {
		o := kafka1()
		change(&o)
		_, err := PlanBroker(dir, o)
		require.ErrorContains(t, err, want)
	}
	empty := t.TempDir()
	_, err := PlanBroker(empty, kafka1())
	require.ErrorContains(t, err, "no CA in directory \""+empty+"\"")
	_, err = Check(empty, 30)
	require.ErrorContains(t, err, "no CA in directory")
	require.NoError(t, os.WriteFile(filepath.Join(empty, caFile), []byte(read(t, dir, caFile)), 0o600))
	for _, plan := range []func() (*Result, error){
		func() (*Result, error) { return PlanCA(empty, "test", 10) },
		func() (*Result, error) { return PlanBroker(empty, kafka1()) },
	} {
		_, err = plan()
		require.ErrorContains(t, err, `has the certificate "ca.pem" of a CA, but not its key "ca.key"`)
	}
}
