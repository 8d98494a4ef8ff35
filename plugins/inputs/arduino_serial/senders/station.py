# A station on MicroPython (Raspberry Pi Pico, ESP32): prints a reading once a second, as inputs.arduino_serial reads it.
# Save it as main.py. USB serial needs no baud rate there; leave baud_rate as it is.
import binascii
import time


def read_sensors():
    return {"light": 554, "temp": 26.52}  # put your sensors here


def checked(line):
    return "%s*%08X" % (line, binascii.crc32(line.encode()) & 0xFFFFFFFF)


def run(boot, lines=None):  # boot must differ from boot to boot
    seq = 0
    while lines is None or seq < lines:
        seq += 1
        values = ",".join('"%s":%s' % pair for pair in sorted(read_sensors().items()))
        print(checked('{"seq":%d,"boot":%d,%s}' % (seq, boot, values)))
        time.sleep(1)


if __name__ == "__main__":
    run(int(time.time()) & 0x7FFFFFFF)
