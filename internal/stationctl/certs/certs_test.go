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
	r, err := PlanAuthority(dir, "test", 3650)
	require.NoError(t, err)
	require.Equal(t, Made, r.Mark)
	require.NoFileExists(t, filepath.Join(dir, authorityFile), "a plan changes nothing")
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

func TestBrokerIsKnownByItsNamesOnly(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	broker(t, dir, kafka1())
	file := filepath.Join(dir, "kafka-1.pem")
	loaded, err := tls.LoadX509KeyPair(file, file)
	require.NoError(t, err)
	require.Len(t, loaded.Certificate, 2, "the authority's certificate is in the chain")
	require.Regexp(t, `^-----BEGIN PRIVATE KEY-----\n`, read(t, file), "PKCS#8, first: as Kafka reads it")
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(read(t, dir, authorityFile))))
	for name, known := range map[string]bool{"kafka-1": true, "192.0.2.7": true, "kafka-2": false, "192.0.2.8": false} {
		_, err := loaded.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots})
		require.Equal(t, known, err == nil, "%s: %v", name, err)
	}
	require.WithinDuration(t, time.Now().AddDate(0, 0, 825), loaded.Leaf.NotAfter, time.Hour+time.Minute)
	require.True(t, loaded.Leaf.NotBefore.Before(time.Now().Add(-time.Hour)), "a clock may be behind")
	for name, mode := range map[string]os.FileMode{authorityKey: 0o600, authorityFile: 0o644, "kafka-1.pem": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
}

func TestTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	broker(t, dir, kafka1())
	key, ca, file := read(t, dir, authorityKey), read(t, dir, authorityFile), read(t, dir, "kafka-1.pem")
	r, err := PlanAuthority(dir, "other", 10)
	require.NoError(t, err)
	require.Equal(t, So, r.Mark)
	require.NoError(t, r.Apply())
	other := kafka1()
	other.Names = []string{"192.0.2.7", "kafka-1"}
	require.Equal(t, So, broker(t, dir, other).Mark, "the order of names does not matter")
	require.Equal(t, []string{key, ca, file}, []string{read(t, dir, authorityKey), read(t, dir, authorityFile), read(t, dir, "kafka-1.pem")})
}

func TestKilledBetweenKeyAndCertificate(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	key := read(t, dir, authorityKey)
	require.NoError(t, os.Remove(filepath.Join(dir, authorityFile)))
	r, err := PlanAuthority(dir, "test", 3650)
	require.NoError(t, err)
	require.NoError(t, r.Apply())
	require.Equal(t, key, read(t, dir, authorityKey))
	broker(t, dir, kafka1())
}

func TestMadeAnew(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	file := filepath.Join(dir, "kafka-1.pem")
	broker(t, dir, kafka1())
	require.NoError(t, os.Chmod(file, 0o640))
	named, soon := kafka1(), kafka1()
	named.Names = []string{"kafka-1"}
	r := broker(t, dir, named)
	require.Equal(t, Changed, r.Mark)
	require.Contains(t, r.Text, "made anew: it was for 192.0.2.7, kafka-1; restart the broker")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.EqualValues(t, 0o640, info.Mode().Perm(), "the broker's group reads it still")

	soon.Days, soon.Renew = 20, 10
	broker(t, dir, soon)
	findings, err := Check(dir, 30)
	require.NoError(t, err)
	require.Len(t, findings, 2)
	require.Equal(t, 19, findings[1].Days)
	require.Contains(t, findings[1].Trouble, "it ends: run stationctl certs broker again")
	r = broker(t, dir, kafka1())
	require.Contains(t, r.Text, "made anew: it would end on ")

	other := makeCA(t)
	require.NoError(t, os.Rename(file, filepath.Join(other, "kafka-1.pem")))
	findings, err = Check(other, 30)
	require.NoError(t, err)
	require.Contains(t, findings[1].Trouble, "another authority signed it")
	require.Contains(t, broker(t, other, kafka1()).Text, "made anew: another authority signed it")
	findings, err = Check(other, 30)
	require.NoError(t, err)
	require.Empty(t, findings[1].Trouble)
}

// One that ends with its authority would be made anew at each run.
func TestABrokerEndsWithItsAuthority(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, err := PlanAuthority(dir, "test", 20)
	require.NoError(t, err)
	require.NoError(t, r.Apply())
	broker(t, dir, kafka1())
	require.Equal(t, So, broker(t, dir, kafka1()).Mark)
	findings, err := Check(dir, 30)
	require.NoError(t, err)
	require.Contains(t, findings[0].Trouble, "the authority ends: make a new one")
}

func TestCheckTellsOfExposedKeysAndStrangeFiles(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	broker(t, dir, kafka1())
	require.NoError(t, os.Chmod(filepath.Join(dir, authorityKey), 0o644))
	require.NoError(t, os.Chmod(filepath.Join(dir, "kafka-1.pem"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x.pem"), []byte("<html>"), 0o600))
	findings, err := Check(dir, 30)
	require.NoError(t, err)
	require.Len(t, findings, 4)
	require.Contains(t, findings[1].Trouble, "others may read this key: chmod o= ")
	require.Contains(t, findings[2].Trouble, "has no key and no certificate in PEM form")
	require.Contains(t, findings[3].Trouble, "others may read this key: chmod o= ")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	dir := makeCA(t)
	for want, change := range map[string]func(*BrokerOptions){
		`a broker's name must be letters (a-z, A-Z), digits, "." and "-", at most 200, and not "ca" (got "../kafka")`: func(o *BrokerOptions) { o.Name = "../kafka" },
		`and not "ca" (got "ca")`:     func(o *BrokerOptions) { o.Name = "ca" },
		`(got "카프카")`:                 func(o *BrokerOptions) { o.Name = "카프카" },
		`(got "kafka-1:9092")`:        func(o *BrokerOptions) { o.Names = []string{"kafka-1:9092"} },
		`(got "")`:                    func(o *BrokerOptions) { o.Names = []string{""} },
		`1 to 18250 (got "0")`:        func(o *BrokerOptions) { o.Days = 0 },
		`would be so each time`:       func(o *BrokerOptions) { o.Renew = 825 },
		`give the names by which the`: func(o *BrokerOptions) { o.Names = nil },
	} {
		o := kafka1()
		change(&o)
		_, err := PlanBroker(dir, o)
		require.ErrorContains(t, err, want)
	}
	empty := t.TempDir()
	_, err := PlanBroker(empty, kafka1())
	require.ErrorContains(t, err, "make it with stationctl certs ca --dir "+empty)
	_, err = Check(empty, 30)
	require.ErrorContains(t, err, "no authority in folder")
	require.NoError(t, os.WriteFile(filepath.Join(empty, authorityFile), []byte(read(t, dir, authorityFile)), 0o600))
	for _, plan := range []func() (*Result, error){
		func() (*Result, error) { return PlanAuthority(empty, "test", 10) },
		func() (*Result, error) { return PlanBroker(empty, kafka1()) },
	} {
		_, err = plan()
		require.ErrorContains(t, err, `has an authority's certificate, "ca.pem", without its key, "ca.key"`)
	}
}
