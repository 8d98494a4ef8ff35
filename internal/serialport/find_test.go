package serialport

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeSystem creates a system in a directory, as the kernel and udev show USB boards: ttyACM below a CDC interface, ttyUSB one
// directory deeper below usb-serial, ttyS0 below no USB device, and two clones without a serial number, which differ by their sockets.
func fakeSystem(t *testing.T) System {
	t.Helper()
	root := t.TempDir()
	s := System{Sys: root + "/sys", Proc: root + "/proc", Dev: root + "/dev"}
	device := func(directory, vendor, product, serial string) {
		require.NoError(t, os.MkdirAll(filepath.Join(s.Sys, directory), 0o700))
		for name, text := range map[string]string{"idVendor": vendor, "idProduct": product, "serial": serial} {
			if text != "" {
				require.NoError(t, os.WriteFile(filepath.Join(s.Sys, directory, name), []byte(text+"\n"), 0o600))
			}
		}
	}
	tty := func(name, directory string) {
		require.NoError(t, os.MkdirAll(filepath.Join(s.Sys, directory), 0o700))
		require.NoError(t, os.MkdirAll(filepath.Join(s.Sys, "class/tty", name), 0o700))
		require.NoError(t, os.Symlink(filepath.Join(s.Sys, directory), filepath.Join(s.Sys, "class/tty", name, "device")))
		touch(t, filepath.Join(s.Dev, name))
	}
	device("devices/usb1/1-1", "2341", "0043", "AAA111")
	tty("ttyACM0", "devices/usb1/1-1/1-1:1.0")
	device("devices/usb1/1-2", "2341", "0043", "BBB222")
	tty("ttyACM1", "devices/usb1/1-2/1-2:1.0")
	device("devices/usb1/1-3", "1a86", "7523", "")
	tty("ttyUSB0", "devices/usb1/1-3/1-3:1.0/ttyUSB0")
	device("devices/usb1/1-4", "1a86", "7523", "")
	tty("ttyUSB1", "devices/usb1/1-4/1-4:1.0/ttyUSB1")
	device("devices/usb1/1-5", "0403", "6001", "FT1")
	tty("ttyUSB2", "devices/usb1/1-5/1-5:1.0/ttyUSB2")
	tty("ttyS0", "devices/platform/serial8250")
	require.NoError(t, os.MkdirAll(filepath.Join(s.Sys, "class/tty/tty1"), 0o700))
	for link, name := range map[string]string{
		"by-id/usb-Arduino_Uno_AAA111": "ttyACM0", "by-id/usb-Arduino_Uno_BBB222": "ttyACM1", "by-id/usb-1a86_USB_Serial": "ttyUSB1",
		"by-path/platform-usb-0:1.1": "ttyACM0", "by-path/platform-usb-0:1.2": "ttyACM1", "by-path/platform-usb-0:1.3": "ttyUSB0", "by-path/platform-usb-0:1.4": "ttyUSB1",
	} {
		path := filepath.Join(s.Dev, "serial", link)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.Symlink("../../"+name, path))
	}
	return s
}

func touch(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, nil, 0o600))
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := fakeSystem(t)
	dev := func(name string) string { return filepath.Join(s.Dev, name) }
	missing := `no such device; plug in the board, or list the ports with "ls /dev/serial/by-id"`
	for option, want := range map[string]string{
		"/dev/any":                         "/dev/any",
		"tcp://127.0.0.1:3333":             "tcp://127.0.0.1:3333",
		"usb:0403:6001":                    dev("ttyUSB2"),
		"usb:2341:0043:BBB222":             dev("ttyACM1"),
		"usb:0403:6001:FT1":                dev("ttyUSB2"),
		"usb:2341:0043:CCC333":             `port "usb:2341:0043:CCC333": ` + missing,
		"usb:10c4:EA60":                    `port "usb:10c4:EA60": ` + missing,
		dev("serial/by-id/usb-Arduino*B*"): dev("serial/by-id/usb-Arduino_Uno_BBB222"),
		dev("serial/by-path/*:1.4"):        dev("serial/by-path/platform-usb-0:1.4"),
		dev("ttyAMA*"):                     `port "` + dev("ttyAMA*") + `": ` + missing,
		"usb:1A86:7523": `port "usb:1A86:7523": more than one port matches; set port to one of them: ` +
			dev("ttyUSB0") + " (persistent name " + dev("serial/by-path/platform-usb-0:1.3") + "), " + dev("ttyUSB1") + " (persistent name " + dev("serial/by-path/platform-usb-0:1.4") + ")",
		dev("ttyACM*"): `port "` + dev("ttyACM*") + `": more than one port matches; set port to one of them: ` +
			dev("ttyACM0") + " (persistent name " + dev("serial/by-id/usb-Arduino_Uno_AAA111") + "), " + dev("ttyACM1") + " (persistent name " + dev("serial/by-id/usb-Arduino_Uno_BBB222") + ")",
	} {
		find, err := s.NewFinder(option)
		require.NoError(t, err)
		path, err := find()
		if err != nil {
			path = err.Error()
		}
		require.Equal(t, want, path, option)
	}
}

// A board may reappear under another name.
func TestFindResolvesEachTime(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	find, err := ThisSystem().NewFinder(directory + "/ttyACM*")
	require.NoError(t, err)
	for _, name := range []string{"/ttyACM0", "/ttyACM1"} {
		touch(t, directory+name)
		path, err := find()
		require.NoError(t, err)
		require.Equal(t, directory+name, path)
		require.NoError(t, os.Remove(path))
	}
}

// A second board does not take the port away from the first one, unless that is unplugged.
func TestFindKeepsThePortThatItFound(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	find, err := ThisSystem().NewFinder(directory + "/ttyACM*")
	require.NoError(t, err)
	requirePath := func(name string) {
		t.Helper()
		path, err := find()
		require.NoError(t, err)
		require.Equal(t, directory+name, path)
	}
	touch(t, directory+"/ttyACM1")
	requirePath("/ttyACM1")
	touch(t, directory+"/ttyACM0")
	requirePath("/ttyACM1")
	touch(t, directory+"/ttyACM2")
	requirePath("/ttyACM1")

	require.NoError(t, os.Rename(directory+"/ttyACM1", directory+"/unplugged")) // so that its inode is not used again
	_, err = find()
	require.ErrorContains(t, err, "more than one port matches")
	require.NoError(t, os.Remove(directory+"/ttyACM0"))
	requirePath("/ttyACM2")
	touch(t, directory+"/ttyACM1")
	requirePath("/ttyACM2")
}
