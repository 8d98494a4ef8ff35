/* The analog pins, with the dust sensor's light behind one of them. */
#include "avr_adc.h"
#include "board.h"

/* The chip takes its sample 1.5 clocks of the converter after the start; the clock is the CPU's divided by 128. */
#define SAMPLE_CYCLES 192

/* The output of the dust sensor rises for 280 us after its LED is turned on, and is 0 while it is off (datasheet GP2Y1010AU0F). That it
 * falls while the LED stays on, from 360 us to 1 ms, is an assumption: no datasheet describes pulses that are too long. */
static int dust_millivolts(const struct analog *analog)
{
	uint64_t us = (analog->avr->cycle - analog->led_since) / CYCLES_PER_US;
	int peak = analog->millivolts[DUST_CHANNEL];
	if (!analog->led || peak == FLOATING)
		return peak == FLOATING ? FLOATING : 0;
	if (us < 280)
		return (int)(peak * us / 280);
	if (us < 360)
		return peak;
	return us < 1000 ? (int)(peak * (1000 - us) / 640) : 0;
}

/* The chip gives floor(mV * 1024 / 5000), simavr floor(mV * 1023 / 5000): so it gets the voltage that makes it give the chip's. */
static int for_simavr(int millivolts)
{
	int count = millivolts * 1024 / 5000;
	if (count > 1023)
		count = 1023;
	return (count * 5000 + 1022) / 1023;
}

static avr_cycle_count_t take_sample(avr_t *avr, avr_cycle_count_t when, void *param)
{
	struct analog *analog = param;
	int millivolts = analog->channel == DUST_CHANNEL ? dust_millivolts(analog) : analog->millivolts[analog->channel];
	(void)when;
	/* With nothing at the pin the capacitor keeps what it has. */
	if (millivolts != FLOATING)
		analog->held = millivolts;
	avr_irq_t *inputs = avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0);
	avr_raise_irq(inputs + analog->channel, for_simavr(analog->held));
	return 0;
}

static void on_conversion(avr_irq_t *irq, uint32_t value, void *param)
{
	union {
		uint32_t value;
		avr_adc_mux_t mux;
	} start = {.value = value};
	struct analog *analog = param;
	(void)irq;
	if (start.mux.kind != ADC_MUX_SINGLE || start.mux.src >= CHANNELS)
		return;
	analog->channel = start.mux.src;
	avr_cycle_timer_register(analog->avr, SAMPLE_CYCLES, take_sample, analog);
}

/* The LED is on while its pin is low. */
static void on_led(avr_irq_t *irq, uint32_t value, void *param)
{
	struct analog *analog = param;
	(void)irq;
	analog->led = !value;
	analog->led_since = analog->avr->cycle;
}

void analog_connect(struct analog *analog, avr_t *avr)
{
	analog->avr = avr;
	avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER), on_conversion, analog);
	avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), DUST_LED_PIN), on_led, analog);
}
