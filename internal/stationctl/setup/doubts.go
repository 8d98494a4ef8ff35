package setup

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/influxdata/telegraf/plugins/common/tls"
)

// doubt says what an answer that is good in itself names and what is not there now, or not for the service's user. A station may be set
// up before its Arduino and Kafka are there.
func (w *work) doubt(ctx context.Context, name, value string) error {
	switch name {
	case Port:
		return w.doubtPort(value)
	case TLSCA:
		return w.doubtCA(value)
	case Brokers:
		var err error
		w.silent, err = reachAll(ctx, strings.Split(value, ","))
		return err
	}
	return nil
}

func (w *work) findPort(option string) (string, error) {
	find, err := w.System.NewFinder(option)
	if err != nil {
		return "", err
	}
	return find()
}

func (w *work) doubtPort(option string) error {
	path, err := w.findPort(option)
	if err != nil {
		return err
	}
	return w.System.Check(path, w.account.User)
}

func (w *work) doubtCA(value string) error {
	if value == None || value == SystemCA || w.account.CanRead(value) {
		return nil
	}
	return fmt.Errorf("user %q may not read %s: run \"sudo install -m 0644 %s %s\" and give that file", w.account.Name, value,
		value, filepath.Join(filepath.Dir(w.configuration.path), filepath.Base(value)))
}

// doubtKafka logs in to Kafka, if anybody answered there and the way in is one that is known here.
func (w *work) doubtKafka(ctx context.Context) error {
	if w.silent || w.answers.credentialsElsewhere() {
		return nil
	}
	option := func(key string) string {
		value, _ := w.configuration.value(outputTable, key, w.environment.variables())
		return value
	}
	var err error
	w.kafka, err = askKafka(ctx, w.answers, tls.ClientConfig{
		TLSCert: option("tls_cert"), TLSKey: option("tls_key"), TLSKeyPwd: option("tls_key_pwd"), ServerName: option("tls_server_name"),
		InsecureSkipVerify: option("insecure_skip_verify") == "true",
	})
	return err
}
