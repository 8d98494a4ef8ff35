// A small station: MQ-3 at A0, MQ-7 at A1, photoresistor at A2, LM35 at A3; a reading each second with a checksum.
// The whole one, with GPS, dust sensor and boot number, is in ../../firmware.
#include <Arduino.h>

uint32_t sum;      // CRC-32 of what was printed
uint32_t seq = 0;  // counts the lines

class Checked : public Print {  // prints to Serial and adds up
 public:
  using Print::write;
  size_t write(uint8_t c) {
    sum ^= c;
    for (uint8_t bit = 0; bit < 8; bit++) {
      sum = (sum >> 1) ^ (sum & 1 ? 0xEDB88320 : 0);
    }
    return Serial.write(c);
  }
} line;

void setup() {
  Serial.begin(9600);                          // the same number as baud_rate
}

void loop() {
  sum = 0xFFFFFFFF;
  line.print(F("{\"seq\":"));
  line.print(++seq);
  line.print(F(",\"alcohol_gas\":"));
  line.print(analogRead(A0));
  line.print(F(",\"co_gas\":"));
  line.print(analogRead(A1));
  line.print(F(",\"light\":"));
  line.print(analogRead(A2));
  line.print(F(",\"temp\":"));
  line.print(analogRead(A3) * 500.0 / 1024, 2);  // LM35: 10 mV a degree, 5 V board
  line.print(F("}"));
  sum ^= 0xFFFFFFFF;                           // done; what follows is not added up
  uint32_t whole = sum;
  Serial.print('*');
  for (int8_t digit = 7; digit >= 0; digit--) {
    Serial.print((whole >> (4 * digit)) & 15, HEX);
  }
  Serial.println();                            // ends the line
  delay(1000);
}
