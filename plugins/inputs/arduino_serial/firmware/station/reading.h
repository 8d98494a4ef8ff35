// A reading, and how it is printed: in parts, as Serial has room for them.
#pragma once
#include <Arduino.h>
#include "analog.h"
#include "line.h"

// What a line says. temp and dust are in hundredths, lat and lon in 1e-7 degrees.
struct Reading {
  uint32_t seq;  // counts the lines since the boot, from 1
  uint16_t boot; // counts the boots
  int16_t alcoholGas, coGas, light;
  int32_t temp, dust, lat, lon;
  bool fix;
};

// The parts of a line. A sensor that is not connected has none, but its number stays free.
const uint8_t PARTS = 10;

// Prints the temperature; what there is none of is -999, which the reader knows as the error value.
inline void printTemperature(Print &line, const Reading &reading) {
  if (reading.temp == NO_TEMPERATURE) {
    line.print(F("-999"));
  } else {
    printFixed(line, reading.temp, 2);
  }
}

inline void printDust(Print &line, const Reading &reading) {
  if (reading.dust < 0) {
    line.print(F("null"));
  } else {
    printFixed(line, reading.dust, 2);
  }
}

// Prints an angle with six decimals, 0.1 m.
inline void printAngle(Print &line, const Reading &reading, int32_t angle) {
  if (!reading.fix) {
    line.print(F("null"));
  } else {
    printFixed(line, (angle + (angle < 0 ? -5 : 5)) / 10, 6);
  }
}

inline void printPart(Crc32Print &line, const Reading &reading, uint8_t number) {
  switch (number) {
  case 0:
    line.begin();
    line.print(F("{\"seq\":"));
    line.print(reading.seq);
    break;
  case 1:
    line.print(F(",\"boot\":"));
    line.print(reading.boot);
    break;
#if ALCOHOL_GAS
  case 2:
    line.print(F(",\"alcohol_gas\":"));
    line.print(reading.alcoholGas);
    break;
#endif
#if CO_GAS
  case 3:
    line.print(F(",\"co_gas\":"));
    line.print(reading.coGas);
    break;
#endif
#if TEMPERATURE != NONE
  case 4:
    line.print(F(",\"temp\":"));
    printTemperature(line, reading);
    break;
#endif
#if LIGHT
  case 5:
    line.print(F(",\"light\":"));
    line.print(reading.light);
    break;
#endif
#if DUST
  case 6:
    line.print(F(",\"dust\":"));
    printDust(line, reading);
    break;
#endif
#if GPS
  case 7:
    line.print(F(",\"lat\":"));
    printAngle(line, reading, reading.lat);
    break;
  case 8:
    line.print(F(",\"lon\":"));
    printAngle(line, reading, reading.lon);
    break;
#endif
  case 9:
    line.print('}');
    line.end();
    break;
  }
}
