package main

import (
	"fmt"
	"math"
)

// line returns the i-th line of the Arduino of a site: the reference values of the system that this one replaces, slightly varied.
func line(site, i int) string {
	wave := math.Sin(float64(i)/10 + float64(site))
	return fmt.Sprintf(`{"lat":%.5f,"lon":%.5f,"alcohol_gas":%d,"co_gas":%d,"temp":%.2f,"light":%d,"dust":%.2f}`+"\r\n",
		35.17959+float64(site)/100, 126.90822, 9+int(3*wave), 117+int(10*wave), 26.52+2*wave, 554+int(100*wave), 0.05+0.02*(1+wave))
}
