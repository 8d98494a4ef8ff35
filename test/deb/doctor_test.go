//go:build real

package deb

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/kafka"
)

// TestDoctorAdviceOnDebian breaks users, groups, and permissions, which need a real system, and runs the commands that doctor prints. sudo and
// systemctl are stubs: the test runs as root, and without systemd.
func TestDoctorAdviceOnDebian(t *testing.T) {
	cluster, err := kafka.StartEmbedded(kafka.EmbeddedOptions{})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	r := newRoot(t, "amd64")
	r.install(packageFor(t, "amd64"), "")
	plugTalking(r)
	r.run(`printf '#!/bin/sh\nexec "$@"\n' >/usr/local/bin/sudo
printf '#!/bin/sh\n' >/usr/local/bin/systemctl
chmod 0755 /usr/local/bin/*
stationctl setup --site DOC --index 1 --type rasp --device-id roof --port /dev/arduino-uno --replication-factor 1 --yes --no-test --brokers ` + strings.Join(cluster.Addresses(), ","))
	require.Contains(t, doctor(r), "\n✓ reading: environment,device_id=roof,")
	for _, test := range []struct{ breaks, check, advice string }{
		{
			"chgrp plugdev $(readlink -f /dev/arduino-uno); chmod 0660 $(readlink -f /dev/arduino-uno)", "permission",
			"sudo usermod -aG plugdev telegraf && sudo systemctl restart telegraf-station",
		},
		{
			"chgrp root /etc/telegraf-station/telegraf.conf", "files",
			"sudo chgrp telegraf /etc/telegraf-station/telegraf.conf && sudo chmod 0640 /etc/telegraf-station/telegraf.conf",
		},
		{
			"install -d -o root -m 0700 /var/lib/telegraf-station/outbox/log", "outbox",
			"sudo chown -R telegraf:telegraf /var/lib/telegraf-station/outbox && sudo chmod -R u+rwX /var/lib/telegraf-station/outbox",
		},
		{
			"chmod 0644 /etc/default/telegraf-station; echo KAFKA_PASSWORD=x >>/etc/default/telegraf-station", "files",
			"sudo chmod o= /etc/default/telegraf-station",
		},
	} {
		r.run(test.breaks)
		found := regexp.MustCompile(`(?m)^[✗!] ` + test.check + `: .*\n {4}(.*)$`).FindStringSubmatch(doctor(r))
		require.NotNil(t, found, test.check)
		require.Equal(t, test.advice, found[1])
		r.run(found[1])
		require.Contains(t, doctor(r), "\n✓ "+test.check+": ")
	}
}

// doctor returns the output of stationctl doctor, which always reports a problem on a system without the service.
func doctor(r *root) string {
	r.Helper()
	output, err := r.try("stationctl doctor")
	require.Error(r, err)
	return "\n" + output
}
