package main

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/telegraf-station/telegraf-station/bench/peers/contender"
)

// The number of a line is its dust value, in steps of 0.00001, which all contenders keep. Lines differ in all values, like the valid readings of
// test/bed/arduino.

// values returns the JSON of line i (less than 10,000,000) without the opening brace.
func values(i int) string {
	return fmt.Sprintf(`"lat":%.5f,"lon":%.5f,"alcohol_gas":%d,"co_gas":%d,"temp":%.2f,"light":%d,"dust":%.5f}`,
		float64(i)/1e5-50, float64(i)/1e5+20, i%1024, i/7%1024, float64(i%16500)/100-40, i/3%1024, float64(i)/1e5)
}

// line returns line i as the board prints it.
func line(i int) string { return "{" + values(i) + "\r\n" }

// record returns line i as a station writes it.
func record(i int, at time.Time) []byte {
	return fmt.Appendf(nil, `{"device_id":%q,"status":0,"time":%q,%s`, contender.Device, at.UTC().Format(time.RFC3339Nano), values(i))
}

// point returns line i as the central Telegraf writes it.
func point(place contender.Place, i int, at time.Time) []byte {
	return fmt.Appendf(nil, "%s,id=%s,index=1,site=%s,type=rasp alcohol_gas=%di,co_gas=%di,dust=%.5f,latitude=%.5f,light=%di,longitude=%.5f,status=0i,temp=%.2f %d\n",
		place.Measurement(), contender.Device, place.Site, i%1024, i/7%1024, float64(i)/1e5, float64(i)/1e5-50, i/3%1024, float64(i)/1e5+20,
		float64(i%16500)/100-40, at.UnixNano())
}

// numberOf returns the number of a line from a record in any form.
func numberOf(record []byte) (int, error) {
	const key = `"dust":`
	at := bytes.LastIndex(record, []byte(key))
	if at < 0 {
		return 0, fmt.Errorf("no dust value in %.300q", record)
	}
	value, _, _ := bytes.Cut(record[at+len(key):], []byte(","))
	value, _, _ = bytes.Cut(value, []byte("}"))
	dust, err := strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
	return lineOf(dust), err
}

func lineOf(dust float64) int { return int(math.Round(dust * 1e5)) }
