"""Reads lines from an Arduino and writes records to files for the spooling directory source of Flume.

Like the replaced system, it writes a file next to the spool directory and renames it into the directory, because Flume must not see
a growing file. Usage: reader.py PORT SPOOL DEVICE_ID
"""

import json
import os
import sys
import time
from datetime import datetime, timezone

import serial

SWAP_SECONDS = 1.0
SWAP_LINES = 5000


class Spool:
    """Files of records."""

    def __init__(self, folder):
        self.folder = folder
        self.current = folder + ".current"
        self.file = None
        self.swapped = self.lines = 0
        self.begun = 0.0

    def write(self, text):
        if self.file is None:
            self.file = open(self.current, "w", encoding="utf-8")
            self.begun = time.monotonic()
        self.file.write(text)
        self.lines += 1

    def swap_if_due(self):
        if self.file is None:
            return
        if self.lines < SWAP_LINES and time.monotonic() - self.begun < SWAP_SECONDS:
            return
        self.file.close()
        os.rename(self.current, os.path.join(self.folder, "%010d.json" % self.swapped))
        self.swapped += 1
        self.file, self.lines = None, 0


def record(line, device_id):
    reading = json.loads(line)
    now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    return json.dumps({"device_id": device_id, "status": 0, "time": now, **reading}, separators=(",", ":")) + "\n"


def main(port, folder, device_id):
    spool = Spool(folder)
    rest = b""
    # A tenth of a second, so that a file is swapped in time when no line comes.
    with serial.Serial(port, 115200, timeout=0.1) as board:
        while True:
            # Read all available bytes: readline of pyserial reads byte by byte.
            *lines, rest = (rest + board.read(max(1, board.in_waiting))).split(b"\n")
            for line in lines:
                try:
                    spool.write(record(line, device_id))
                except ValueError as error:
                    print("not a reading: %s: %r" % (error, line), file=sys.stderr)
                spool.swap_if_due()
            spool.swap_if_due()


main(*sys.argv[1:])
