// Position from a GPS receiver's NMEA sentences RMC and GGA, whatever satellites they are of (GPRMC, GNRMC, GLGGA ...).
// A sentence counts only if its checksum is right.
#pragma once
#include <Arduino.h>

class Gps {
public:
  Gps() : state(OUTSIDE), fix(false), lastFix(0), lastByte(0) {}

  // Takes the next byte from the receiver.
  void take(char letter) {
    lastByte = millis();
    if (letter == '$') {
      startSentence();
    } else if (letter == '\r' || letter == '\n') {
      state = OUTSIDE; // a sentence without a checksum
    } else if (state == INSIDE) {
      takeInside(letter);
    } else if (state == CHECKSUM) {
      takeChecksum(letter);
    }
  }

  // Whether there is a position that is not older than 10 s.
  bool hasFix() {
    fix = fix && millis() - lastFix <= 10000;
    return fix;
  }

  // In 1e-7 degrees, north and east positive: 1 cm, and 180 degrees fit in 32 bits.
  int32_t latitude() const { return lat; }
  int32_t longitude() const { return lon; }

  // Whether no byte came for 5 ms: the receiver is between two bursts.
  bool isQuiet() const { return uint16_t(uint16_t(millis()) - lastByte) >= 5; }

private:
  enum State : uint8_t { OUTSIDE, INSIDE, CHECKSUM };
  enum Kind : uint8_t { OTHER, RMC, GGA };

  State state;
  Kind kind;
  uint8_t sum;                     // XOR of all between $ and *
  uint8_t given, digits;           // the checksum as given, and how many digits of it came
  uint8_t fieldNumber;
  char field[14];                  // "12654.4932123"
  uint8_t length;
  bool valid;                      // what the sentence says of its fix
  int32_t newLat, newLon;          // of the sentence that is being read
  uint8_t parts;                   // how many of its four parts (lat, N/S, lon, E/W) were good
  bool fix;
  int32_t lat, lon;
  uint32_t lastFix;
  uint16_t lastByte;

  void startSentence() {
    state = INSIDE;
    kind = OTHER;
    sum = given = digits = fieldNumber = length = parts = 0;
    valid = false;
  }

  void takeInside(char letter) {
    if (letter == '*') {
      endField();
      state = CHECKSUM;
      return;
    }
    sum ^= letter;
    if (letter == ',') {
      endField();
    } else if (length < sizeof(field) - 1) {
      field[length++] = letter;
    }
  }

  void takeChecksum(char letter) {
    given = given << 4 | hexDigit(letter);
    if (++digits < 2) {
      return;
    }
    state = OUTSIDE;
    if (given == sum && kind != OTHER) {
      endSentence();
    }
  }

  void endSentence() {
    if (!valid) {
      fix = false;
    } else if (parts == 4) {
      lat = newLat;
      lon = newLon;
      fix = true;
      lastFix = millis();
    }
  }

  void endField() {
    field[length] = 0;
    // RMC: 1 time, 2 A or V, 3 lat, 4 N or S, 5 lon, 6 E or W.  GGA: 1 time, 2 lat, 3 N or S, 4 lon, 5 E or W, 6 quality.
    if (fieldNumber == 0) {
      kind = length != 5 ? OTHER : strcmp(field + 2, "RMC") == 0 ? RMC : strcmp(field + 2, "GGA") == 0 ? GGA : OTHER;
    } else if (kind == RMC && fieldNumber == 2) {
      valid = field[0] == 'A';
    } else if (kind == GGA && fieldNumber == 6) {
      valid = field[0] >= '1' && field[0] <= '9';
    } else if (kind != OTHER) {
      endPosition(fieldNumber - (kind == RMC ? 3 : 2));
    }
    fieldNumber++;
    length = 0;
  }

  void endPosition(int8_t part) {
    switch (part) {
    case 0: parts += angle(2, 90, newLat); break;
    case 1: parts += sign('N', 'S', newLat); break;
    case 2: parts += angle(3, 180, newLon); break;
    case 3: parts += sign('E', 'W', newLon); break;
    }
  }

  bool sign(char plus, char minus, int32_t &value) const {
    if (field[0] == minus) {
      value = -value;
    }
    return field[0] == plus || field[0] == minus;
  }

  // Reads "3510.7754", that is 35 degrees and 10.7754 minutes, in integers.
  bool angle(uint8_t degreeDigits, uint8_t most, int32_t &value) const {
    const char *at = field;
    int32_t degrees = 0, minutes = 0; // minutes in 1e-7
    for (uint8_t i = 0; i < degreeDigits; i++, at++) {
      if (!isDigit(*at)) {
        return false;
      }
      degrees = degrees * 10 + *at - '0';
    }
    if (degrees > most) { // before it gets too large for 32 bits
      return false;
    }
    int32_t unit = 100000000; // ten minutes
    for (; *at && unit > 0; at++) {
      if (*at == '.' && unit == 1000000) {
        continue;
      }
      if (!isDigit(*at)) {
        return false;
      }
      minutes += unit * (*at - '0');
      unit /= 10;
    }
    value = degrees * 10000000 + (minutes + 30) / 60;
    return unit <= 1000000 && minutes < 600000000 && value <= most * 10000000L;
  }

  static uint8_t hexDigit(char letter) {
    return isDigit(letter) ? letter - '0' : (letter | 0x20) - 'a' + 10; // a wrong letter gives a wrong sum
  }
};
