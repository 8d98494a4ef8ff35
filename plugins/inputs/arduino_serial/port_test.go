package arduino_serial

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.bug.st/serial"
	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/test/arduino"
)

func TestGlob(t *testing.T) {
	folder := t.TempDir()
	finder, err := newPortFinder(folder + "/ttyACM*")
	require.NoError(t, err)
	_, err = finder.find()
	require.EqualError(t, err, `port "`+folder+`/ttyACM*": no such device: is the Arduino plugged in? ("ls /dev/serial/by-id" shows the ports that are there)`)
	touch(t, folder+"/ttyACM1")
	path, err := finder.find()
	require.NoError(t, err)
	require.Equal(t, folder+"/ttyACM1", path)
	touch(t, folder+"/ttyACM0")
	_, err = finder.find()
	require.EqualError(t, err, `port "`+folder+`/ttyACM*": more than one matches (`+folder+`/ttyACM0, `+folder+`/ttyACM1): name one of them`)
}

func touch(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, nil, 0o600))
}

// usbTree lays out sysfs as the kernel does: ttyACM below a CDC interface, ttyUSB one folder deeper below usb-serial,
// ttyS0 below no USB device.
func usbTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	device := func(folder, vendor, product, serial string) {
		require.NoError(t, os.MkdirAll(filepath.Join(root, folder), 0o700))
		for name, text := range map[string]string{"idVendor": vendor, "idProduct": product, "serial": serial} {
			if text != "" {
				require.NoError(t, os.WriteFile(filepath.Join(root, folder, name), []byte(text+"\n"), 0o600))
			}
		}
	}
	tty := func(name, folder string) {
		require.NoError(t, os.MkdirAll(filepath.Join(root, folder), 0o700))
		require.NoError(t, os.MkdirAll(filepath.Join(root, "class/tty", name), 0o700))
		require.NoError(t, os.Symlink(filepath.Join(root, folder), filepath.Join(root, "class/tty", name, "device")))
	}
	device("devices/usb1/1-1", "2341", "0043", "AAA111")
	tty("ttyACM0", "devices/usb1/1-1/1-1:1.0")
	device("devices/usb1/1-2", "2341", "0043", "BBB222")
	tty("ttyACM1", "devices/usb1/1-2/1-2:1.0")
	device("devices/usb1/1-3", "1a86", "7523", "")
	tty("ttyUSB0", "devices/usb1/1-3/1-3:1.0/ttyUSB0")
	tty("ttyS0", "devices/platform/serial8250")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "class/tty/tty1"), 0o700))
	return root
}

func TestUSB(t *testing.T) {
	root := usbTree(t)
	for option, want := range map[string]string{
		"usb:1a86:7523":        "/dev/ttyUSB0",
		"usb:1A86:7523":        "/dev/ttyUSB0",
		"usb:2341:0043:BBB222": "/dev/ttyACM1",
		"usb:2341:0043":        `port "usb:2341:0043": more than one matches (/dev/ttyACM0, /dev/ttyACM1): name one of them`,
		"usb:2341:0043:CCC333": `port "usb:2341:0043:CCC333": no such device: is the Arduino plugged in? ("ls /dev/serial/by-id" shows the ports that are there)`,
		"usb:0403:6001":        `port "usb:0403:6001": no such device: is the Arduino plugged in? ("ls /dev/serial/by-id" shows the ports that are there)`,
	} {
		finder, err := newUSBFinder(option)
		require.NoError(t, err)
		finder.(*usbFinder).sysfs = root
		path, err := finder.find()
		if err != nil {
			path = err.Error()
		}
		require.Equal(t, want, path, option)
	}
}

func TestOpenErrorsTellWhatToDo(t *testing.T) {
	mode := &serial.Mode{BaudRate: 9600}
	folder := t.TempDir()

	_, err := openPort(t.Context(), folder+"/ttyACM0", mode)
	require.EqualError(t, err, folder+`/ttyACM0: no such device: is the Arduino plugged in? ("ls /dev/serial/by-id" shows the ports that are there)`)

	touch(t, folder+"/file")
	_, err = openPort(t.Context(), folder+"/file", mode)
	require.ErrorContains(t, err, folder+"/file: not a serial port")

	board, err := arduino.Plug(folder + "/ttyUSB0")
	require.NoError(t, err)
	holder, err := openPort(t.Context(), board.Path(), mode)
	require.NoError(t, err)
	_, err = openPort(t.Context(), board.Path(), mode)
	require.EqualError(t, err, board.Path()+`: in use by another program (another Telegraf, the Arduino IDE's monitor?): close it, or stop the service first ("sudo fuser -v `+board.Path()+`" names it)`)
	require.NoError(t, errors.Join(holder.Close(), board.Unplug()))

	_, err = openPort(t.Context(), "tcp://127.0.0.1:1", mode)
	require.ErrorContains(t, err, "tcp://127.0.0.1:1: cannot connect: is ser2net running there?")

	current, err := user.Current()
	require.NoError(t, err)
	group, err := user.LookupGroupId(current.Gid)
	require.NoError(t, err)
	require.EqualError(t, explain(folder+"/file", unix.EACCES), folder+`/file: permission denied: user "`+current.Username+
		`" may not open it and no group may (mode -rw-------): is it the console's port, or is a udev rule missing?`)
	require.NoError(t, os.Chmod(folder+"/file", 0o660))
	require.EqualError(t, explain(folder+"/file", unix.EACCES), folder+`/file: permission denied: user "`+current.Username+`" is not in group "`+
		group.Name+`": run "sudo usermod -aG `+group.Name+" "+current.Username+`" and restart Telegraf`)
	require.EqualError(t, explain("/dev/x", unix.EIO), "/dev/x: cannot be opened: input/output error")
}
