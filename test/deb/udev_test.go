//go:build real

package deb

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSerialPortsHaveStableNames runs udev with the rules of the installed package on USB devices that umockdev simulates.
func TestSerialPortsHaveStableNames(t *testing.T) {
	r := newRoot(t, "amd64")
	r.install(packageFor(t, "amd64"), "")
	for _, test := range []struct {
		name, vendor, product, serial, port string
		link                                string
	}{
		{"an Uno", "2341", "0043", "75735353338351F0F1B1", "00", "arduino-75735353338351F0F1B1"},
		{"a clone with a CH340 without a serial number", "1a86", "7523", "", "00", "arduino-pci-0000_00_14_0-usb-0_4_1_0"},
		{"a CP2102 with the default serial number", "10c4", "ea60", "0001", "00", "arduino-pci-0000_00_14_0-usb-0_4_1_0"},
		{"the second port of an FT2232", "0403", "6010", "FT4ABC", "01", "arduino-FT4ABC-if01"},
		{"a modem", "12d1", "1506", "0123456789", "00", ""},
		{"another chip of the manufacturer of the CH340", "1a86", "8010", "", "00", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r.write("root/devices", device(test.vendor, test.product, test.serial, test.port))
			udevTest := func(path string) string {
				return r.run("umockdev-run --device /root/devices -- udevadm test --action=add " + path + " 2>&1")
			}
			tty := udevTest("/devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1." + test.port[1:] + "/ttyUSB0/tty/ttyUSB0")
			usb := udevTest("/devices/pci0000:00/0000:00:14.0/usb1/1-4")
			links := regexp.MustCompile(`(?m)^DEVLINKS=(.*)$`).FindStringSubmatch(tty)[1]
			if test.link == "" {
				require.NotContains(t, links, "/dev/arduino-")
				require.NotContains(t, tty+usb, "ID_MM_")
				return
			}
			require.Contains(t, strings.Fields(links), "/dev/"+test.link)
			require.Contains(t, tty, "65-telegraf-station.rules:")
			require.Contains(t, tty, "GROUP 20", "dialout")
			require.NotRegexp(t, "65-telegraf-station.rules:[0-9]+ (GROUP|MODE)", tty, "a rule of the administrator stays in effect")
			require.Contains(t, tty, "\nID_MM_PORT_IGNORE=1\n")
			require.Contains(t, usb, "\nID_MM_DEVICE_IGNORE=1\n")
		})
	}
}

// device returns the description of a USB serial port for umockdev.
func device(vendor, product, serial, port string) string {
	if serial != "" {
		serial = "A: serial=" + serial + "\n"
	}
	return fmt.Sprintf(`P: /devices/pci0000:00/0000:00:14.0
E: SUBSYSTEM=pci

P: /devices/pci0000:00/0000:00:14.0/usb1
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device

P: /devices/pci0000:00/0000:00:14.0/usb1/1-4
E: BUSNUM=001
E: DEVNAME=/dev/bus/usb/001/004
E: DEVTYPE=usb_device
E: MAJOR=189
E: MINOR=3
E: SUBSYSTEM=usb
A: idVendor=%[1]s
A: idProduct=%[2]s
A: devpath=4
%[3]s
P: /devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.%[5]s
E: DEVTYPE=usb_interface
E: SUBSYSTEM=usb
A: bInterfaceNumber=%[4]s
A: bInterfaceClass=ff
A: bInterfaceSubClass=01

P: /devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.%[5]s/ttyUSB0
E: SUBSYSTEM=usb-serial
A: port_number=0

P: /devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.%[5]s/ttyUSB0/tty/ttyUSB0
N: ttyUSB0
E: DEVNAME=/dev/ttyUSB0
E: MAJOR=188
E: MINOR=0
E: SUBSYSTEM=tty
A: dev=188:0
`, vendor, product, serial, port, port[1:])
}
