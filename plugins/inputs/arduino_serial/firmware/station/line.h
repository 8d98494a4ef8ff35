// The line to the Raspberry Pi: what is printed is counted into a CRC-32, so nothing has to be kept until the line is whole.
// (All code outside the sketch is in .h files: a .cpp file would not see the choices made at the top of station.ino.)
#pragma once
#include <Arduino.h>

// Passes everything on to another Print, and keeps the CRC-32 (IEEE 802.3, as zlib's crc32) of it.
class Crc32Print : public Print {
public:
  explicit Crc32Print(Print &to) : out(to), crc(0) {}

  void begin() { crc = 0xFFFFFFFF; }

  size_t write(uint8_t letter) override {
    crc ^= letter;
    for (uint8_t bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    return out.write(letter);
  }
  using Print::write;

  // Ends the line with '*', the eight digits of the CRC, and CR LF. None of these is counted.
  void end() {
    uint32_t sum = ~crc;
    out.print('*');
    for (int8_t shift = 28; shift >= 0; shift -= 4) {
      uint8_t digit = sum >> shift & 15;
      out.print(char(digit < 10 ? '0' + digit : 'A' + digit - 10));
    }
    out.println();
  }

private:
  Print &out;
  uint32_t crc;
};

// Prints 2652 with two decimals as 26.52. Whole numbers, because an AVR's float has 7 digits and a position needs 9.
inline void printFixed(Print &out, int32_t value, uint8_t decimals) {
  uint32_t size = value < 0 ? -uint32_t(value) : value;
  uint32_t one = 1;
  for (uint8_t i = 0; i < decimals; i++) {
    one *= 10;
  }
  if (value < 0) {
    out.print('-');
  }
  out.print(size / one);
  out.print('.');
  for (uint32_t digit = one / 10; digit > 0; digit /= 10) {
    out.print(char('0' + size / digit % 10));
  }
}
