/* The simulated Uno: simavr's ATmega328P at 16 MHz, and what the sketch's wiring puts on its pins. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim_avr.h"
#include "avr_ioport.h"

#define CYCLES_PER_US 16
#define CYCLES_PER_MS (1000 * CYCLES_PER_US)

/* The sketch's default pins, all digital ones on port D. */
enum { ONE_WIRE_PIN = 2, GPS_PIN = 4, DUST_LED_PIN = 7, DUST_CHANNEL = 4 };

enum { CHANNELS = 8, FLOATING = -1 };

/* The voltages at A0 to A7, and the converter's sample-and-hold. */
struct analog {
	avr_t *avr;
	int millivolts[CHANNELS];
	int channel; /* that is being converted */
	int held;    /* what the capacitor has */
	bool led;    /* of the dust sensor */
	uint64_t led_since;
};

void analog_connect(struct analog *analog, avr_t *avr);

/* The levels that external devices drive on the pins of port D. A pin that is not driven is high, as with a pull-up. */
struct wires {
	avr_t *avr;
	avr_ioport_external_t external;
};

void wires_connect(struct wires *wires, avr_t *avr);
void wires_reset(struct wires *wires);
void wires_set(struct wires *wires, int pin, bool level);

/* A GPS receiver's serial line, 9600 baud. */
struct gps {
	avr_t *avr;
	struct wires *wires;
	char *text;
	size_t sent, length;
	int bit; /* of the byte: 0 is the start bit, 9 the stop bit */
	uint64_t byte_began;
};

void gps_send(struct gps *gps, const char *sentence);
void gps_reset(struct gps *gps);

/* A DS18B20 on its pin. */
struct ds18b20 {
	avr_t *avr;
	struct wires *wires;
	bool present, damaged;
	int measured; /* sixteenths of a degree that it has around it */
	int stored;   /* that the scratchpad has */
	uint64_t ready; /* when the measurement ends; 0 without a measurement */
	enum { DEAF, ROM_COMMAND, COMMAND, SENDING } state;
	uint64_t low_since;
	bool master_low;
	int bit;
	uint8_t byte, scratchpad[9];
};

void ds18b20_connect(struct ds18b20 *sensor, avr_t *avr, struct wires *wires);
void ds18b20_set(struct ds18b20 *sensor, const char *what);
void ds18b20_reset(struct ds18b20 *sensor);

/* The script's events, times in cycles. */
struct script {
	struct event {
		uint64_t at;
		const char *what;
	} *events;
	size_t next, count;
	uint64_t began; /* this round of it */
};

/* simavr's timers take 0 for "not again" too. */
#define SCRIPT_ENDED 0

void script_read(struct script *script, const char *path);
uint64_t script_next(const struct script *script);           /* the cycle, or SCRIPT_ENDED */
const char *script_take(struct script *script, uint64_t now); /* what is due, or NULL */
void script_repeat(struct script *script);

/* Says on stderr what is wrong, and ends the program. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
