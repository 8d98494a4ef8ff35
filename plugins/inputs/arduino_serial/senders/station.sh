#!/bin/sh
# A station without an Arduino: prints its computer's temperature once a second, as inputs.arduino_serial reads it.
# Usage: station.sh [LINES] > /dev/ttyUSB0
lines=${1:-0} # 0 is without end
seq=0
boot=$(date +%s)
while [ "$lines" -eq 0 ] || [ "$seq" -lt "$lines" ]; do
	seq=$((seq + 1))
	temp=$(cat /sys/class/thermal/thermal_zone0/temp 2>/dev/null || echo 20000) # thousandths of a degree
	line=$(printf '{"seq":%d,"boot":%d,"temp":%d.%03d}' "$seq" "$boot" $((temp / 1000)) $((temp % 1000)))
	# gzip ends in the CRC-32 of what it packs and its length, four bytes each, the lowest first; od reads them in the
	# computer's own order, so this is for one that has the lowest first too, as Raspberry Pis and PCs have.
	sum=$(printf %s "$line" | gzip -c | tail -c 8 | od -An -N4 -tx4 | tr -d ' ')
	printf '%s*%s\r\n' "$line" "$sum"
	[ "$seq" -eq "$lines" ] || sleep 1
done
