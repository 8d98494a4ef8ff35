// DS18B20 thermometer, alone on its pin, with 4.7 kOhm from the pin to 5 V. Nothing here waits for it: a measurement takes it
// 750 ms, and it is asked afterwards.
#pragma once
#include <Arduino.h>

// The times of one bit are the datasheet's. Interrupts are off for 80 us at most: a GPS on SoftwareSerial may lose a byte by it.
class OneWire {
public:
  explicit OneWire(uint8_t wirePin) : pin(wirePin) {}

  void begin() {
    pinMode(pin, INPUT);
    digitalWrite(pin, LOW); // the pin only ever pulls to GND; the resistor pulls up
  }

  // Returns whether a sensor has answered.
  bool reset() {
    pull();
    delayMicroseconds(480);
    noInterrupts();
    release();
    delayMicroseconds(70);
    bool present = digitalRead(pin) == LOW;
    interrupts();
    delayMicroseconds(410);
    return present;
  }

  void writeByte(uint8_t value) {
    for (uint8_t bit = 0; bit < 8; bit++) {
      writeBit(value >> bit & 1);
    }
  }

  uint8_t readByte() {
    uint8_t value = 0;
    for (uint8_t bit = 0; bit < 8; bit++) {
      value |= readBit() << bit;
    }
    return value;
  }

private:
  uint8_t pin;

  void pull() { pinMode(pin, OUTPUT); }
  void release() { pinMode(pin, INPUT); }

  // An interrupt while the wire is low would make a 0 of a 1, or a reset of a 0.
  void writeBit(bool one) {
    noInterrupts();
    pull();
    delayMicroseconds(one ? 4 : 60);
    release();
    interrupts();
    delayMicroseconds(one ? 60 : 5);
  }

  bool readBit() {
    noInterrupts();
    pull();
    release();
    delayMicroseconds(6); // with the time of the calls about 12 us; the sensor holds its bit for 15
    bool one = digitalRead(pin) == HIGH;
    interrupts();
    delayMicroseconds(55);
    return one;
  }
};

class Ds18b20 {
public:
  explicit Ds18b20(uint8_t pin) : wire(pin), measuring(false), since(0), value(NO_TEMPERATURE) {}

  void begin() {
    wire.begin();
    update();
  }

  // Whether update has something to do, which takes it 12 ms at most.
  bool isDue() const { return uint16_t(uint16_t(millis()) - since) >= (measuring ? 760 : 200); }

  // Whether update is two seconds behind: a temperature that is too old must not be taken for a new one.
  bool isLate() const { return uint16_t(uint16_t(millis()) - since) >= 2760; }

  // Reads what was measured, then starts the next measurement.
  void update() {
    if (measuring) {
      value = read();
    }
    measuring = start();
    if (!measuring) {
      value = NO_TEMPERATURE;
    }
    since = millis();
  }

  // The newest temperature in hundredths of a degree, or NO_TEMPERATURE if the sensor is gone or what it said is damaged.
  int32_t temperature() const { return value; }

private:
  OneWire wire;
  bool measuring;
  uint16_t since;
  int32_t value;

  bool start() {
    if (!wire.reset()) {
      return false;
    }
    wire.writeByte(0xCC); // to all devices
    wire.writeByte(0x44); // measure
    return true;
  }

  int32_t read() {
    if (!wire.reset()) {
      return NO_TEMPERATURE;
    }
    wire.writeByte(0xCC);
    wire.writeByte(0xBE); // what have you got?
    uint8_t answer[9];
    for (uint8_t i = 0; i < 9; i++) {
      answer[i] = wire.readByte();
    }
    if (crc8(answer, 8) != answer[8] || answer[7] != 0x10) { // byte 7 is fixed; a wire at GND gives zeros, with a good CRC
      return NO_TEMPERATURE;
    }
    int16_t sixteenths = answer[1] << 8 | answer[0];
    return good(sixteenths) ? rounded(sixteenths) : NO_TEMPERATURE;
  }

  // 85.00 is what a sensor has that lost its power and did not measure since. It is believed only if it was about that before.
  bool good(int16_t sixteenths) const { return sixteenths != 85 * 16 || value >= 8000; }

  static int32_t rounded(int16_t sixteenths) { return (int32_t(sixteenths) * 100 + (sixteenths < 0 ? -8 : 8)) / 16; }

  static uint8_t crc8(const uint8_t *bytes, uint8_t count) {
    uint8_t crc = 0;
    for (uint8_t i = 0; i < count; i++) {
      crc ^= bytes[i];
      for (uint8_t bit = 0; bit < 8; bit++) {
        crc = crc & 1 ? crc >> 1 ^ 0x8C : crc >> 1;
      }
    }
    return crc;
  }
};
