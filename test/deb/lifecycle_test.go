//go:build real

package deb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/arduino"
	"github.com/telegraf-station/telegraf-station/test/bed/avr"
)

const (
	configuration = "etc/telegraf-station/telegraf.conf"
	defaults      = "etc/default/telegraf-station"
)

// TestLifeOfThePackage installs, configures, upgrades, downgrades, removes, and purges the package, on each processor.
func TestLifeOfThePackage(t *testing.T) {
	for _, arch := range architectures {
		t.Run(arch, func(t *testing.T) {
			r := newRoot(t, arch)
			before := r.files()
			file := packageFor(t, arch)
			require.Contains(t, r.install(file, ""), "next, configure this station: sudo stationctl setup")
			requireInstalled(r)
			requireReading(r)
			requireUnit(r)

			edit(t, r.path(configuration), "${STATION_SITE:-JNU}", "mine")
			edit(t, r.path(defaults), "#TELEGRAF_OPTS", "TELEGRAF_OPTS")
			edited, editedDefaults := r.read(configuration), r.read(defaults)
			requireQuiet(t, r.install(repack(t, file, "99.0.0"), ""))
			require.Contains(t, r.run("dpkg-query -W telegraf-station"), "99.0.0")
			require.Contains(t, r.read("usr/share/telegraf-station/telegraf.conf"), "# of 99.0.0")
			requireQuiet(t, r.install(repack(t, file, "0.0.9"), "--allow-downgrades"))
			require.Contains(t, r.run("dpkg-query -W telegraf-station"), "0.0.9")
			require.Equal(t, edited, r.read(configuration))
			require.Equal(t, editedDefaults, r.read(defaults))

			r.run("apt-get remove --yes telegraf-station")
			require.NoFileExists(t, r.path("usr/bin/telegraf"))
			require.Equal(t, edited, r.read(configuration))
			r.run("apt-get purge --yes telegraf-station")
			requireSame(t, before, r.files())
		})
	}
}

// requireQuiet checks that an upgrade does not prompt.
func requireQuiet(t *testing.T, output string) {
	t.Helper()
	require.NotContains(t, output, "What would you like to do about it")
	require.NotContains(t, output, "next, configure this station")
}

func requireInstalled(r *root) {
	r.Helper()
	require.Equal(r, "640 root telegraf\n", r.run("stat -c '%a %U %G' /"+configuration))
	require.Equal(r, "640 root telegraf\n", r.run("stat -c '%a %U %G' /"+defaults))
	require.Equal(r, "750 telegraf telegraf\n", r.run("stat -c '%a %U %G' /var/lib/telegraf-station"))
	require.Contains(r, r.run("id telegraf"), "(dialout)")
	require.Contains(r, r.run("telegraf --version"), "+station-")
	require.Contains(r, r.run("stationctl --version"), "stationctl version "+version(r.T))
	r.run("telegraf --strict-env-handling config check")
	require.Contains(r, r.run("bash -c '. /usr/share/bash-completion/completions/stationctl; complete -p stationctl'"), "stationctl")
	// The service is neither started nor enabled before the station is configured.
	require.NoFileExists(r, r.path("etc/systemd/system/multi-user.target.wants/telegraf-station.service"))
}

// requireUnit enables the service, so that removal has to disable it.
func requireUnit(r *root) {
	r.Helper()
	r.run("systemctl enable telegraf-station")
	require.FileExists(r, r.path("etc/systemd/system/multi-user.target.wants/telegraf-station.service"))
	require.Empty(r, strings.TrimSpace(r.run("systemd-analyze verify --man=no telegraf-station.service 2>&1 | grep -F telegraf-station || true")))
}

// requireReading runs our sketch on a simulated Arduino and checks that `telegraf --test` prints a reading, as root and as the service user.
func requireReading(r *root) {
	r.Helper()
	require.Empty(r, avr.Missing(), "run test/bed/install/packages.sh")
	sketch, err := avr.Compile(r.Context(), "uno", nil, os.Stderr)
	require.NoError(r, err)
	board, err := arduino.Plug(r.path("dev/arduino-uno"))
	require.NoError(r, err)
	defer func() { require.NoError(r, board.Unplug()) }()
	port, err := filepath.EvalSymlinks(board.Path())
	require.NoError(r, err)
	require.NoError(r, os.Chmod(port, 0o666)) // a real one is of the group dialout
	running, err := avr.Start(r.Context(), avr.Options{
		Firmware: sketch, Script: new(avr.Script).Voltages(0, avr.Reference()).Stop(2 * time.Minute), Dir: r.TempDir(), Output: board,
	})
	require.NoError(r, err)
	defer func() { require.NoError(r, running.Kill()) }()
	for _, user := range []string{"", "sudo --preserve-env=STATION_PORT -u telegraf "} {
		output, err := r.try(user+"telegraf --test", "STATION_PORT=/dev/arduino-uno")
		require.NoError(r, err, output)
		require.Regexp(r, `> environment,device_id=RaspberryPi,index=1,site=JNU,type=rasp alcohol_gas=\d+i,co_gas=\d+i,.*temp=`, output)
	}
}

func requireSame(t *testing.T, before, after map[string]string) {
	t.Helper()
	var differences []string
	for name := range after {
		if before[name] != after[name] {
			differences = append(differences, "left or changed: "+name)
		}
	}
	for name := range before {
		if _, found := after[name]; !found {
			differences = append(differences, "gone: "+name)
		}
	}
	require.Empty(t, differences)
}

// TestReplacesThePackageTelegraf installs our package over one with the name, files, and maintainer scripts of upstream Telegraf. It then
// purges the upstream package, which deletes its configuration, unit, and defaults.
func TestReplacesThePackageTelegraf(t *testing.T) {
	const arch = "amd64"
	r := newRoot(t, arch)
	require.Contains(t, r.install(upstreamPackage(t, arch), ""), "Setting up telegraf ")
	require.FileExists(t, r.path("etc/telegraf/telegraf.conf"))

	output := r.install(packageFor(t, arch), "")
	require.Contains(t, output, "Removing telegraf (")
	require.Contains(t, output, "/etc/telegraf is left unchanged")
	require.FileExists(t, r.path("etc/telegraf/telegraf.conf"))
	requireInstalled(r)

	r.run("dpkg --purge telegraf")
	require.NoFileExists(t, r.path("etc/telegraf/telegraf.conf"))
	requireInstalled(r)
	requireReading(r)
	requireUnit(r)
}

// upstreamPackage builds a package with the scripts and paths of upstream Telegraf, and a shell script as the program.
func upstreamPackage(t *testing.T, arch string) string {
	t.Helper()
	source := strings.TrimSpace(command(t, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/influxdata/telegraf"))
	dir := filepath.Join(t.TempDir(), "telegraf")
	for name, from := range map[string]string{
		"DEBIAN/preinst": "scripts/deb/pre-install.sh", "DEBIAN/postinst": "scripts/deb/post-install.sh",
		"DEBIAN/prerm": "scripts/deb/pre-remove.sh", "DEBIAN/postrm": "scripts/deb/post-remove.sh",
		"usr/lib/telegraf/scripts/telegraf.service": "scripts/telegraf.service", "usr/lib/telegraf/scripts/init.sh": "scripts/init.sh",
	} {
		command(t, "install", "-D", "-m", "755", filepath.Join(source, from), filepath.Join(dir, name))
	}
	for name, text := range map[string]string{
		"usr/bin/telegraf":           "#!/bin/sh\necho Telegraf of another package\n",
		"etc/telegraf/telegraf.conf": "[agent]\n",
		"DEBIAN/conffiles":           "/etc/telegraf/telegraf.conf\n",
		"DEBIAN/control": fmt.Sprintf("Package: telegraf\nVersion: 1.39.3-1\nArchitecture: %s\nMaintainer: InfluxData\n"+
			"Description: Plugin-driven server agent for reporting metrics into InfluxDB.\n", arch),
	} {
		writeProgram(t, filepath.Join(dir, name), text)
	}
	file := filepath.Join(t.TempDir(), "telegraf_1.39.3-1_"+arch+".deb")
	command(t, "dpkg-deb", "--root-owner-group", "-b", dir, file)
	return file
}
