/* The digital pins that are driven from outside, and the GPS receiver at one of them. */
#include <stdlib.h>
#include <string.h>
#include "board.h"

void wires_connect(struct wires *wires, avr_t *avr)
{
	wires->avr = avr;
	wires->external.name = 'D';
	wires->external.mask = 1 << ONE_WIRE_PIN | 1 << GPS_PIN;
	wires->external.value = wires->external.mask;
	wires_reset(wires);
}

/* simavr clears the input register on a reset, and updates it only when a level changes. */
void wires_reset(struct wires *wires)
{
	for (int pin = 0; pin < 8; pin++) {
		if (wires->external.mask & 1 << pin) {
			bool level = wires->external.value & 1 << pin;
			wires_set(wires, pin, !level);
			wires_set(wires, pin, level);
		}
	}
}

/* The level is also set as the external pull of the port: whenever the sketch writes to the port, simavr sets the input pins again. */
void wires_set(struct wires *wires, int pin, bool level)
{
	unsigned char others = wires->external.value & ~(1 << pin);
	wires->external.value = others | level << pin;
	avr_ioctl(wires->avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('D'), &wires->external);
	avr_raise_irq(avr_io_getirq(wires->avr, AVR_IOCTL_IOPORT_GETIRQ('D'), pin), level);
}

static uint64_t bit_begins(const struct gps *gps, int bit)
{
	return gps->byte_began + (uint64_t)bit * 16000000 / 9600;
}

/* Drives one bit and returns when the next one begins; 0 when all is sent. */
static avr_cycle_count_t next_bit(avr_t *avr, avr_cycle_count_t when, void *param)
{
	struct gps *gps = param;
	(void)avr;
	if (gps->sent == gps->length)
		return 0;
	if (gps->bit == 0)
		gps->byte_began = when;
	unsigned char byte = gps->text[gps->sent];
	wires_set(gps->wires, GPS_PIN, gps->bit == 9 || (gps->bit > 0 && byte >> (gps->bit - 1) & 1));
	avr_cycle_count_t next = bit_begins(gps, gps->bit + 1);
	gps->bit = (gps->bit + 1) % 10;
	gps->sent += gps->bit == 0;
	return next;
}

void gps_send(struct gps *gps, const char *sentence)
{
	size_t size = strlen(sentence);
	if (gps->sent == gps->length)
		gps->sent = gps->length = 0;
	gps->text = realloc(gps->text, gps->length + size + 3);
	if (!gps->text)
		abort();
	memcpy(gps->text + gps->length, sentence, size);
	memcpy(gps->text + gps->length + size, "\r\n", 3);
	gps->length += size + 2;
	if (avr_cycle_timer_status(gps->avr, next_bit, gps) == 0)
		avr_cycle_timer_register(gps->avr, 1, next_bit, gps);
}

/* A reset of the board deletes the timers of simavr; the receiver continues with its next byte. */
void gps_reset(struct gps *gps)
{
	if (gps->bit > 0)
		gps->sent++;
	gps->bit = 0;
	wires_set(gps->wires, GPS_PIN, true);
	if (gps->sent < gps->length)
		avr_cycle_timer_register(gps->avr, 10 * CYCLES_PER_MS / 9, next_bit, gps);
}
