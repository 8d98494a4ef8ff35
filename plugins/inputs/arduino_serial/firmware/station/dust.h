// Sharp GP2Y10 dust sensor: an infrared LED, lit for 0.32 ms every 10 ms, and the light that the dust throws back.
#pragma once
#include <Arduino.h>

class Dust {
public:
  // No reading, in hundredths of a ug/m3: the line then has null.
  static const int32_t NOTHING = -1;

  Dust(uint8_t analogPin, uint8_t ledPin) : pin(analogPin), led(ledPin), last(0), sum(0), samples(0) {}

  void begin() {
    digitalWrite(led, HIGH); // off
    pinMode(led, OUTPUT);
  }

  // To be called all the time: takes a sample if 10 ms have passed. It takes 0.5 ms.
  void update() {
    uint16_t now = millis();
    if (uint16_t(now - last) < 10) {
      return;
    }
    last = now;
    int16_t count = pulse();
    if (count >= 0) {
      sum += count;
      samples++;
    }
  }

  // The average of the samples since the last call, in hundredths of a ug/m3.
  int32_t take() {
    int32_t reading = NOTHING;
    if (samples > 0) {
      reading = fromSixteenths((sum * 16 + samples / 2) / samples);
    }
    sum = 0;
    samples = 0;
    return reading;
  }

private:
  uint8_t pin, led;
  uint16_t last;
  uint32_t sum;
  uint16_t samples;

  // The datasheet's pulse: the output is at its peak 280 us after the LED turns on, and it turns off after 320 us. The converter
  // takes its sample 12 us (1.5 of its clocks) after it is started; the delays leave room for the other lines (seen in simavr:
  // sample after 281 us, off after 322). Returns -1 if an interrupt came between: a byte from a GPS on SoftwareSerial takes 1 ms.
  int16_t pulse() {
    analogRead(pin); // so that the converter is at this pin
    uint32_t on = micros();
    digitalWrite(led, LOW);
    delayMicroseconds(269);
    ADCSRA |= _BV(ADSC);
    uint16_t started = micros() - on;
    delayMicroseconds(46);
    digitalWrite(led, HIGH);
    while (ADCSRA & _BV(ADSC)) {
    }
    int16_t count = ADC;
    return started <= 288 ? count : -1;
  }

  // The usual straight line through the datasheet's figure "output voltage against dust density", by C. Nafis
  // (howmuchsnow.com/arduino/airquality): mg/m3 = 0.17 * volts - 0.1. It is good for comparing days, not for a limit value.
  static int32_t fromSixteenths(int32_t average) {
    // Clean air gives 0.6 V (0.9 V in the datasheet's table); less than 0.1 V comes from no sensor.
    if (average < 16 * 21) {
      return NOTHING;
    }
    int32_t hundredths = (average * 85000 + 8192) / 16384 - 10000; // 17000 * 5 V; 16 * 1024 steps
    return hundredths < 0 ? 0 : hundredths;
  }
};
