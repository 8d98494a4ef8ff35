// Analog sensors: counts of the converter (0 for 0 V, 1023 for 5 V), and the temperature from them.
#pragma once
#include <Arduino.h>

// No temperature, in hundredths of a degree: the line then has -999.
const int32_t NO_TEMPERATURE = -99900;

// The converter's capacitor still has some of the voltage of the pin that it measured before: the first result is dropped.
inline int16_t readPin(uint8_t pin) {
  analogRead(pin);
  return analogRead(pin);
}

// A count, or -1 if it is less than a working sensor gives.
//
// A disconnected wire can only be detected if the pin has a resistor of 100 kOhm to GND: then it reads 0. Without one the pin
// floats and reads anything, mostly what the pin before it has. A sensor whose own board has broken can give any number.
inline int16_t countOf(uint8_t pin, int16_t least) {
  int16_t count = readPin(pin);
  return count < least ? -1 : count;
}

// Sixteen conversions (2 ms) added up: noise evens out, and one count of an LM35 is half a degree.
inline int32_t sumOf16(uint8_t pin) {
  int32_t sum = 0;
  analogRead(pin);
  for (uint8_t i = 0; i < 16; i++) {
    sum += analogRead(pin);
  }
  return sum;
}

// Hundredths of a degree from a sensor with 10 mV a degree, or NO_TEMPERATURE if its datasheet rules the voltage out.
// All voltages are in millivolts; the reference is the board's 5 V.
inline int32_t temperatureOf(uint8_t pin, int32_t atZeroDegrees, int32_t least, int32_t most) {
  int32_t sum = sumOf16(pin);
  if (sum * 5000 < least * 16384 || sum * 5000 > most * 16384) { // 16384 = 16 conversions of 1024 steps
    return NO_TEMPERATURE;
  }
  return (sum * 50000 + 8192) / 16384 - atZeroDegrees * 10;
}

// LM35: 0 mV at 0 degrees. With one supply it cannot go below 2 degrees (20 mV), so 0 V is not a reading; the maximum is 150 degrees.
inline int32_t lm35(uint8_t pin) { return temperatureOf(pin, 0, 1, 1500); }

// TMP36: 500 mV at 0 degrees; from -40 degrees (100 mV) to 125 (1750 mV).
inline int32_t tmp36(uint8_t pin) { return temperatureOf(pin, 500, 100, 1750); }
