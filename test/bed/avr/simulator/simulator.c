/* Runs the sketch on a simulated Arduino Uno: what it prints goes to stdout, byte by byte, and a script says what its sensors have.
 * Usage: simulator [-r] [-t] ELF SCRIPT
 *   -r  in real time; else as fast as it goes
 *   -t  each line begins with the simulated microsecond of its first byte, and a blank
 * A line of the script is "at MS WHAT", MS in simulated milliseconds, in rising order:
 *   at MS adc PIN MILLIVOLTS   at MS adc PIN float   at MS gps SENTENCE   at MS ds18b20 DEGREES|absent|damaged|unpowered
 *   at MS reset   at MS stop   at MS repeat (the script, from its beginning)
 * It exits at "stop", when its stdout is closed, or with its parent.
 * Two things differ from the chip: a byte takes 11 bit times (simavr counts a parity bit), and the EEPROM writes immediately. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include "avr_uart.h"
#include "board.h"
#include "sim_elf.h"

struct simulator {
	avr_t *avr;
	struct analog analog;
	struct wires wires;
	struct gps gps;
	struct ds18b20 ds18b20;
	struct script script;
	bool reset, stop; /* asked for by the script */
	bool real_time, times, in_line;
	int64_t began; /* the clock's microsecond at which cycle 0 was, or would have been */
	uint64_t pace; /* the cycle at which the clock is looked at next */
};

void fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("simulator: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* simavr's own logger writes warnings to stdout, between the sketch's bytes. */
static void log_to_stderr(avr_t *avr, const int level, const char *format, va_list args)
{
	(void)avr;
	if (level <= LOG_ERROR)
		vfprintf(stderr, format, args);
}

static void on_byte(avr_irq_t *irq, uint32_t value, void *param)
{
	struct simulator *simulator = param;
	char byte = value;
	(void)irq;
	if (simulator->times && !simulator->in_line)
		dprintf(STDOUT_FILENO, "%llu ", (unsigned long long)simulator->avr->cycle / CYCLES_PER_US);
	simulator->in_line = byte != '\n';
	if (write(STDOUT_FILENO, &byte, 1) != 1)
		fail("cannot write the output of the sketch: %s", strerror(errno));
}

static void set_analog(struct simulator *simulator, const char *what)
{
	unsigned channel;
	int millivolts = FLOATING;
	if (sscanf(what, "adc %u %d", &channel, &millivolts) < 1 || channel >= CHANNELS)
		fail("\"%s\": a pin is 0 to %d", what, CHANNELS - 1);
	simulator->analog.millivolts[channel] = millivolts;
}

static void apply(struct simulator *simulator, const char *what)
{
	if (strncmp(what, "adc ", 4) == 0)
		set_analog(simulator, what);
	else if (strncmp(what, "gps ", 4) == 0)
		gps_send(&simulator->gps, what + 4);
	else if (strncmp(what, "ds18b20 ", 8) == 0)
		ds18b20_set(&simulator->ds18b20, what + 8);
	else if (strcmp(what, "reset") == 0)
		simulator->reset = true;
	else if (strcmp(what, "stop") == 0)
		simulator->stop = true;
	else if (strcmp(what, "repeat") == 0)
		script_repeat(&simulator->script);
	else
		fail("the script has \"%s\": see the top of simulator.c for what it may have", what);
}

/* Applies what is due and returns when the next thing is. */
static avr_cycle_count_t run_script(avr_t *avr, avr_cycle_count_t when, void *param)
{
	struct simulator *simulator = param;
	(void)when;
	for (const char *what; (what = script_take(&simulator->script, avr->cycle));)
		apply(simulator, what);
	return script_next(&simulator->script);
}

static void start_script(struct simulator *simulator)
{
	uint64_t at = script_next(&simulator->script), now = simulator->avr->cycle;
	if (at != SCRIPT_ENDED)
		avr_cycle_timer_register(simulator->avr, at > now ? at - now : 1, run_script, simulator);
}

static avr_t *load(const char *path)
{
	elf_firmware_t firmware = {0};
	if (elf_read_firmware(path, &firmware) != 0)
		fail("%s is not an ELF file of a sketch", path);
	avr_t *avr = avr_make_mcu_by_name("atmega328p");
	if (!avr)
		fail("this simavr has no atmega328p");
	avr_init(avr);
	avr_load_firmware(avr, &firmware);
	avr->frequency = 1000000 * CYCLES_PER_US;
	avr->vcc = avr->avcc = avr->aref = 5000;
	return avr;
}

/* simavr would sleep in real time here; pace() does that. */
static void no_sleep(avr_t *avr, avr_cycle_count_t cycles)
{
	(void)avr, (void)cycles;
}

/* As many cycles in one go as simavr's timers allow: ten times faster than one instruction at a time. */
static void set_speed(avr_t *avr)
{
	avr->sleep = no_sleep;
	avr->run_cycle_limit = CYCLES_PER_MS;
}

static void connect_parts(struct simulator *simulator)
{
	avr_t *avr = simulator->avr;
	uint32_t no_flags = 0; /* neither an echo on the terminal nor sleeps */
	avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &no_flags);
	avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_byte, simulator);
	analog_connect(&simulator->analog, avr);
	wires_connect(&simulator->wires, avr);
	simulator->gps = (struct gps){.avr = avr, .wires = &simulator->wires};
	ds18b20_connect(&simulator->ds18b20, avr, &simulator->wires);
	start_script(simulator);
	set_speed(avr);
}

/* The reset button: the EEPROM stays, and so does the world around the board. */
static void reset(struct simulator *simulator)
{
	simulator->reset = false;
	avr_reset(simulator->avr);
	wires_reset(&simulator->wires);
	gps_reset(&simulator->gps);
	ds18b20_reset(&simulator->ds18b20);
	start_script(simulator);
	set_speed(simulator->avr);
}

static int64_t clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* Waits until the clock is where the simulation is; a delay of more than 100 ms is not made up for. */
static void pace(struct simulator *simulator)
{
	if (!simulator->real_time || simulator->avr->cycle < simulator->pace)
		return;
	int64_t early = simulator->began + (int64_t)(simulator->avr->cycle / CYCLES_PER_US) - clock_us();
	if (early > 0)
		usleep(early);
	else if (early < -100000)
		simulator->began -= early;
	simulator->pace = simulator->avr->cycle + CYCLES_PER_MS;
}

int main(int argc, char **argv)
{
	struct simulator simulator = {0};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	avr_global_logger_set(log_to_stderr);
	for (int option; (option = getopt(argc, argv, "rt")) != -1;) {
		simulator.real_time |= option == 'r';
		simulator.times |= option == 't';
	}
	if (argc - optind != 2)
		fail("usage: simulator [-r] [-t] ELF SCRIPT");
	simulator.avr = load(argv[optind]);
	script_read(&simulator.script, argv[optind + 1]);
	connect_parts(&simulator);
	simulator.began = clock_us();
	while (!simulator.stop) {
		int state = avr_run(simulator.avr);
		if (state == cpu_Done || state == cpu_Crashed)
			fail("the sketch has crashed at %llu ms", (unsigned long long)simulator.avr->cycle / CYCLES_PER_MS);
		if (simulator.reset)
			reset(&simulator);
		pace(&simulator);
	}
	return 0;
}
