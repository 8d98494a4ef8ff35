// Station: prints one reading of its sensors a second, as a line of JSON with a checksum, for Telegraf's inputs.arduino_serial.
// For Arduino Uno, Nano and Mega (5 V). The README above this directory has the wiring.
//
//   {"seq":1,"boot":7,"alcohol_gas":9,"co_gas":117,"temp":26.37,"light":554,"dust":1.27,"lat":35.179590,"lon":126.908220}*65E408E4

// ---- Choose: what is connected (1 yes, 0 no; what is not connected is left out of the line) ----

#ifndef ALCOHOL_GAS
#define ALCOHOL_GAS 1 // MQ-3
#endif
#ifndef CO_GAS
#define CO_GAS 1 // MQ-7
#endif
#ifndef LIGHT
#define LIGHT 1 // photocell to 5 V, 10 kOhm to GND
#endif
#ifndef DUST
#define DUST 1 // Sharp GP2Y1010AU0F
#endif
#ifndef GPS
#define GPS 1 // any receiver with NMEA at 9600 baud, such as a NEO-6M
#endif

#define NONE 0
#define LM35 1
#define TMP36 2
#define DS18B20 3
#ifndef TEMPERATURE
#define TEMPERATURE LM35 // LM35, TMP36, DS18B20 or NONE
#endif

// ---- Choose: pins ----

#ifndef ALCOHOL_GAS_PIN
#define ALCOHOL_GAS_PIN A0
#endif
#ifndef CO_GAS_PIN
#define CO_GAS_PIN A1
#endif
#ifndef LIGHT_PIN
#define LIGHT_PIN A2
#endif
#ifndef TEMPERATURE_PIN
#define TEMPERATURE_PIN A3 // of an LM35 or TMP36
#endif
#ifndef DUST_PIN
#define DUST_PIN A4
#endif
#ifndef DS18B20_PIN
#define DS18B20_PIN 2
#endif
#ifndef GPS_RX_PIN
#define GPS_RX_PIN 4 // to the receiver's TX; on a Mega it is pin 19 instead (Serial1)
#endif
#ifndef GPS_TX_PIN
#define GPS_TX_PIN 5 // nothing is sent: leave it free
#endif
#ifndef DUST_LED_PIN
#define DUST_LED_PIN 7
#endif

// ---- Choose: the rest ----

#ifndef BAUD
#define BAUD 9600 // the same number as baud_rate in telegraf.conf
#endif
#ifndef INTERVAL
#define INTERVAL 1000 // milliseconds from one reading to the next
#endif
#ifndef GPS_BAUD
#define GPS_BAUD 9600
#endif
// A count below these is a disconnected wire, not a reading (see analog.h). A powered MQ sensor always gives more than 0;
// a photocell gives 0 in the dark, so for light nothing is an error unless you know better.
#ifndef GAS_LEAST
#define GAS_LEAST 1
#endif
#ifndef LIGHT_LEAST
#define LIGHT_LEAST 0
#endif

// ---- From here on nothing needs a change; another sensor has its place in takeReading below and in reading.h ----

#include <Arduino.h>
#include <EEPROM.h>
#include <avr/sleep.h>
#include "analog.h"
#include "ds18b20.h"
#include "dust.h"
#include "gps.h"
#include "line.h"
#include "reading.h"

// A line has 160 letters at most, and each takes ten bits.
#if INTERVAL < 1600000 / BAUD
#error "INTERVAL is shorter than a line takes at this BAUD: make one of them larger"
#endif

#if GPS
Gps gps;
#ifdef HAVE_HWSERIAL1
#define GPS_SERIAL Serial1
#else
#include <SoftwareSerial.h>
SoftwareSerial gpsSerial(GPS_RX_PIN, GPS_TX_PIN);
#define GPS_SERIAL gpsSerial
#endif
#endif
#if TEMPERATURE == DS18B20
Ds18b20 thermometer(DS18B20_PIN);
#endif
#if DUST
Dust dustSensor(DUST_PIN, DUST_LED_PIN);
#endif

Reading reading;
uint32_t next;         // when the next reading is due, in ms since the boot
Crc32Print line(Serial);
uint8_t part = PARTS;  // of the line, that is printed next

// One write a boot: the EEPROM is good for 100,000. An empty one has 0xFFFF; 0 is never a boot.
uint16_t countBoot() {
  uint16_t count;
  EEPROM.get(0, count);
  count++;
  if (count == 0) {
    count = 1;
  }
  EEPROM.put(0, count);
  return count;
}

void setup() {
  reading.boot = countBoot();
  Serial.begin(BAUD);
#if GPS
  GPS_SERIAL.begin(GPS_BAUD);
#endif
#if TEMPERATURE == DS18B20
  thermometer.begin();
#endif
#if DUST
  dustSensor.begin();
#endif
  set_sleep_mode(SLEEP_MODE_IDLE);
  next = millis() + INTERVAL;
}

// SoftwareSerial takes all of the processor for each byte and needs its interrupts in time: what is measured in microseconds waits
// until the receiver has sent its sentences. Serial1 needs neither.
bool gpsIsSending() {
#if GPS && !defined(HAVE_HWSERIAL1)
  return !gps.isQuiet();
#else
  return false;
#endif
}

// Gives the sensors that need it their time. None of them is waited for.
void updateSensors() {
#if GPS
  while (GPS_SERIAL.available()) {
    gps.take(GPS_SERIAL.read());
  }
#endif
#if DUST
  if (!gpsIsSending()) {
    dustSensor.update();
  }
#endif
#if TEMPERATURE == DS18B20
  if (thermometer.isDue() && (!gpsIsSending() || thermometer.isLate())) {
    thermometer.update();
  }
#endif
}

void takeReading() {
  reading.seq++;
#if ALCOHOL_GAS
  reading.alcoholGas = countOf(ALCOHOL_GAS_PIN, GAS_LEAST);
#endif
#if CO_GAS
  reading.coGas = countOf(CO_GAS_PIN, GAS_LEAST);
#endif
#if LIGHT
  reading.light = countOf(LIGHT_PIN, LIGHT_LEAST);
#endif
#if TEMPERATURE == LM35
  reading.temp = lm35(TEMPERATURE_PIN);
#elif TEMPERATURE == TMP36
  reading.temp = tmp36(TEMPERATURE_PIN);
#elif TEMPERATURE == DS18B20
  reading.temp = thermometer.temperature();
#endif
#if DUST
  reading.dust = dustSensor.take();
#endif
#if GPS
  reading.fix = gps.hasFix();
  reading.lat = gps.latitude();
  reading.lon = gps.longitude();
#endif
}

// Prints the next part of the line if Serial has room for it. At 9600 baud a line takes a tenth of a second, and the sensors
// would have to wait so long if it were printed in one go.
void printSome() {
  if (part < PARTS && Serial.availableForWrite() >= 20) { // the longest part has 19 letters
    printPart(line, reading, part);
    part++;
  }
}

void loop() {
  updateSensors();
  printSome();
  // From when it was due, not from now: so the readings do not drift.
  if (part == PARTS && int32_t(millis() - next) >= 0) {
    next += INTERVAL;
    takeReading();
    part = 0;
  }
  sleep_mode(); // until the next interrupt: the clock's, within 1 ms, or that of a serial port
}
