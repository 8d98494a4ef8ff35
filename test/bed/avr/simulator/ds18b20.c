/* A DS18B20 thermometer: reset and presence, and the commands Skip ROM, Convert T and Read Scratchpad, with the datasheet's times. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "board.h"

#define US(us) ((us) * CYCLES_PER_US)

enum { POWER_ON = 85 * 16 };

static avr_cycle_count_t let_go(avr_t *avr, avr_cycle_count_t when, void *param)
{
	struct ds18b20 *sensor = param;
	(void)avr, (void)when;
	wires_set(sensor->wires, ONE_WIRE_PIN, true);
	return 0;
}

static void pull_for(struct ds18b20 *sensor, uint64_t cycles)
{
	wires_set(sensor->wires, ONE_WIRE_PIN, false);
	avr_cycle_timer_register(sensor->avr, cycles, let_go, sensor);
}

static avr_cycle_count_t show_presence(avr_t *avr, avr_cycle_count_t when, void *param)
{
	(void)avr, (void)when;
	pull_for(param, US(120));
	return 0;
}

static uint8_t crc8(const uint8_t *bytes, int count)
{
	uint8_t crc = 0;
	for (int bit = 0; bit < 8 * count; bit++) {
		bool out = (crc ^ bytes[bit / 8] >> bit % 8) & 1;
		crc = crc >> 1 ^ (out ? 0x8C : 0);
	}
	return crc;
}

static void fill_scratchpad(struct ds18b20 *sensor)
{
	if (sensor->ready && sensor->avr->cycle >= sensor->ready) {
		sensor->stored = sensor->measured;
		sensor->ready = 0;
	}
	const uint8_t bytes[8] = {sensor->stored, sensor->stored >> 8, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10};
	memcpy(sensor->scratchpad, bytes, sizeof bytes);
	sensor->scratchpad[8] = crc8(bytes, sizeof bytes) ^ (sensor->damaged ? 0x01 : 0);
}

static void on_byte(struct ds18b20 *sensor)
{
	if (sensor->state == ROM_COMMAND) {
		sensor->state = sensor->byte == 0xCC ? COMMAND : DEAF;
	} else if (sensor->byte == 0x44) {
		sensor->ready = sensor->avr->cycle + US(750000);
		sensor->state = DEAF;
	} else if (sensor->byte == 0xBE) {
		fill_scratchpad(sensor);
		sensor->state = SENDING;
	} else {
		sensor->state = DEAF;
	}
	sensor->bit = 0;
	sensor->byte = 0;
}

/* The master begins a bit: a 0 is shown to it by holding the wire on. */
static void on_fall(struct ds18b20 *sensor)
{
	sensor->low_since = sensor->avr->cycle;
	if (sensor->state != SENDING)
		return;
	if (sensor->bit < 72 && !(sensor->scratchpad[sensor->bit / 8] >> sensor->bit % 8 & 1))
		pull_for(sensor, US(30));
	sensor->bit++;
}

static void on_rise(struct ds18b20 *sensor)
{
	uint64_t low = sensor->avr->cycle - sensor->low_since;
	if (low >= US(480)) {
		sensor->state = ROM_COMMAND;
		sensor->bit = 0;
		sensor->byte = 0;
		avr_cycle_timer_register(sensor->avr, US(30), show_presence, sensor);
	} else if (sensor->state == ROM_COMMAND || sensor->state == COMMAND) {
		sensor->byte |= (low < US(15)) << sensor->bit;
		if (++sensor->bit == 8)
			on_byte(sensor);
	}
}

/* The master pulls the wire down by making its pin, which has a 0 in the port register, an output. */
static void on_direction(avr_irq_t *irq, uint32_t directions, void *param)
{
	struct ds18b20 *sensor = param;
	bool low = directions >> ONE_WIRE_PIN & 1;
	(void)irq;
	if (low == sensor->master_low)
		return;
	sensor->master_low = low;
	if (!sensor->present)
		return;
	if (low)
		on_fall(sensor);
	else
		on_rise(sensor);
}

void ds18b20_connect(struct ds18b20 *sensor, avr_t *avr, struct wires *wires)
{
	sensor->avr = avr;
	sensor->wires = wires;
	avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), IOPORT_IRQ_DIRECTION_ALL), on_direction, sensor);
}

/* "absent", "damaged" (a wrong CRC from now on), "unpowered" (it lost its power for a moment), or degrees around it. */
void ds18b20_set(struct ds18b20 *sensor, const char *what)
{
	if (strcmp(what, "damaged") == 0) {
		sensor->damaged = true;
		return;
	}
	bool was_present = sensor->present;
	sensor->present = strcmp(what, "absent") != 0;
	if (!was_present || strcmp(what, "unpowered") == 0) {
		sensor->stored = POWER_ON;
		sensor->ready = 0;
		sensor->state = DEAF;
	}
	if (sensor->present && strcmp(what, "unpowered") != 0)
		sensor->measured = (int)lround(atof(what) * 16);
}

/* The board's reset lets its pins go and takes simavr's timers away. */
void ds18b20_reset(struct ds18b20 *sensor)
{
	sensor->master_low = false;
	sensor->state = DEAF;
	wires_set(sensor->wires, ONE_WIRE_PIN, true);
}
