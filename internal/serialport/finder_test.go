package serialport

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// madeUp is a system in a folder, with what the kernel and udev show of USB boards: ttyACM below a CDC interface, ttyUSB one
// folder deeper below usb-serial, ttyS0 below no USB device; two clones without a serial number, told apart by their sockets.
func madeUp(t *testing.T) System {
	t.Helper()
	root := t.TempDir()
	s := System{Sys: root + "/sys", Proc: root + "/proc", Dev: root + "/dev"}
	device := func(folder, vendor, product, serial string) {
		require.NoError(t, os.MkdirAll(filepath.Join(s.Sys, folder), 0o700))
		for name, text := range map[string]string{"idVendor": vendor, "idProduct": product, "serial": serial} {
			if text != "" {
				require.NoError(t, os.WriteFile(filepath.Join(s.Sys, folder, name), []byte(text+"\n"), 0o600))
			}
		}
	}
	tty := func(name, folder string) {
		require.NoError(t, os.MkdirAll(filepath.Join(s.Sys, folder), 0o700))
		require.NoError(t, os.MkdirAll(filepath.Join(s.Sys, "class/tty", name), 0o700))
		require.NoError(t, os.Symlink(filepath.Join(s.Sys, folder), filepath.Join(s.Sys, "class/tty", name, "device")))
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
	s := madeUp(t)
	dev := func(name string) string { return filepath.Join(s.Dev, name) }
	missing := `no such device: is the Arduino plugged in? ("ls /dev/serial/by-id" shows the ports that are there)`
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
		"usb:1A86:7523": `port "usb:1A86:7523": more than one matches: set port to one of them: ` +
			dev("ttyUSB0") + " (always " + dev("serial/by-path/platform-usb-0:1.3") + "), " + dev("ttyUSB1") + " (always " + dev("serial/by-path/platform-usb-0:1.4") + ")",
		dev("ttyACM*"): `port "` + dev("ttyACM*") + `": more than one matches: set port to one of them: ` +
			dev("ttyACM0") + " (always " + dev("serial/by-id/usb-Arduino_Uno_AAA111") + "), " + dev("ttyACM1") + " (always " + dev("serial/by-id/usb-Arduino_Uno_BBB222") + ")",
	} {
		finder, err := s.NewFinder(option)
		require.NoError(t, err)
		path, err := finder.Find()
		if err != nil {
			path = err.Error()
		}
		require.Equal(t, want, path, option)
	}
}

// A board may come back under another name.
func TestFindLooksAnew(t *testing.T) {
	folder := t.TempDir()
	finder, err := ThisSystem().NewFinder(folder + "/ttyACM*")
	require.NoError(t, err)
	for _, name := range []string{"/ttyACM0", "/ttyACM1"} {
		touch(t, folder+name)
		path, err := finder.Find()
		require.NoError(t, err)
		require.Equal(t, folder+name, path)
		require.NoError(t, os.Remove(path))
	}
}
