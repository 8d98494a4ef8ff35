package setup

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/influxdata/telegraf/plugins/common/tls"

	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// probe checks whether what a valid answer refers to exists and whether the user of the service can use it. A station can be set up before
// its board and Kafka are connected, so errors are only warnings.
func (w *session) probe(ctx context.Context, name, value string) error {
	switch name {
	case Port:
		return w.probePort(value)
	case TLSCA:
		return w.probeCA(value)
	case Brokers:
		var err error
		w.unreachable, err = connectAll(ctx, strings.Split(value, ","))
		return err
	}
	return nil
}

func (w *session) findPort(option string) (string, error) {
	find, err := w.System.NewFinder(option)
	if err != nil {
		return "", err
	}
	return find()
}

func (w *session) probePort(option string) error {
	path, err := w.findPort(option)
	if err != nil {
		return err
	}
	return w.System.Check(path, w.account.User)
}

func (w *session) probeCA(value string) error {
	if value == None || value == SystemCA || w.account.CanRead(value) {
		return nil
	}
	return fmt.Errorf("user %q cannot read %s; run \"sudo install -m 0644 %s %s\" and use the new file", w.account.Name, value,
		value, filepath.Join(filepath.Dir(w.configuration.path), filepath.Base(value)))
}

// probeKafka logs in to Kafka, if a broker is reachable and setup manages the login.
func (w *session) probeKafka(ctx context.Context) error {
	if w.unreachable || w.answers.hasUnmanagedLogin() {
		return nil
	}
	option := func(key string) string {
		value, _ := w.configuration.value(outputTable, key, installed.Variables(w.environmentText))
		return value
	}
	var err error
	w.kafka, err = describeCluster(ctx, w.answers, tls.ClientConfig{
		TLSCert: option("tls_cert"), TLSKey: option("tls_key"), TLSKeyPwd: option("tls_key_pwd"), ServerName: option("tls_server_name"),
		InsecureSkipVerify: option("insecure_skip_verify") == "true",
	}, answerTimeout)
	return err
}
